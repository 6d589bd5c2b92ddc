package api

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

func TestCallbacksOpenOnlyWithTheirKeys(t *testing.T) {
	clear := CallbackKeys{Token: "token"}
	locked := CallbackKeys{Token: "token", Key: strings.Repeat("k", 16) + strings.Repeat("v", 16)}
	for _, body := range []string{"", "{}", strings.Repeat("x", 16), `{"FlowName":"采购合同"}`} {
		for _, keys := range []CallbackKeys{clear, locked} {
			sent, signature, err := keys.Seal([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := keys.Open(sent, signature); err != nil || string(got) != body {
				t.Errorf("%q came back as %q, %v", body, got, err)
			}
			if _, err := (CallbackKeys{Token: "another", Key: keys.Key}).Open(sent, signature); !errors.Is(err, ErrCallback) {
				t.Errorf("another token: %v", err)
			}
			if _, err := keys.Open(append(sent, ' '), signature); !errors.Is(err, ErrCallback) {
				t.Errorf("a changed body: %v", err)
			}
		}
	}
	if _, err := (CallbackKeys{}).Open([]byte("{}"), "sha256="); !errors.Is(err, ErrCallback) {
		t.Errorf("without a token: %v", err)
	}
	if _, _, err := (CallbackKeys{Token: "t", Key: "short"}).Seal(nil); err == nil {
		t.Error("a short key was taken")
	}
}

// TestCallbackVectors were computed with openssl dgst -sha256 -hmac and openssl enc -aes-256-cbc.
func TestCallbackVectors(t *testing.T) {
	keys := CallbackKeys{Token: "token"}
	if _, signature, _ := keys.Seal([]byte(`{"FlowId":"f"}`)); signature != "sha256="+clearSignature {
		t.Error(signature)
	}
	keys.Key = "0123456789abcdef0123456789abcdef"
	if sent, _, _ := keys.Seal([]byte(`{"FlowId":"f"}`)); string(sent) != lockedBody {
		t.Errorf("%s", sent)
	}
}

func FuzzCallback(f *testing.F) {
	f.Add([]byte("{}"), "sha256=00")
	f.Add([]byte(lockedBody), "sha256="+clearSignature)
	keys := CallbackKeys{Token: "token", Key: "0123456789abcdef0123456789abcdef"}
	f.Fuzz(func(t *testing.T, sent []byte, signature string) {
		if _, err := keys.Open(sent, signature); err == nil && !strings.HasPrefix(signature, "sha256=") {
			t.Fatal("accepted without a signature")
		}
		// Whatever is signed opens or fails, and never more than came.
		_, signed, err := CallbackKeys{Token: "token"}.Seal(sent)
		if err != nil {
			t.Fatal(err)
		}
		body, err := keys.Open(sent, signed)
		if err == nil && len(body) > base64.StdEncoding.DecodedLen(len(sent)) {
			t.Fatal("grew")
		}
	})
}

const (
	clearSignature = "a449484b68201afe5082529f77ca10ddd3eb7cea60c43d838345cd3ba06dc98d"
	lockedBody     = "oVbZyyMoAMazNqp2w947XA=="
)
