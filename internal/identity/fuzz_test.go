package identity_test

import (
	"strings"
	"testing"

	"sealdesk/internal/identity"
)

// The targets hold whatever passes to what must then be true, and look for crashes in whatever does not.

func FuzzIDCard(f *testing.F) {
	for _, seed := range []string{"11010519491231002X", "110105491231002", "81000019900101001X", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		card, err := identity.ParseIDCard(s, today)
		if err != nil {
			return
		}
		if len(s) != 18 || card.Born.After(today) || card.Region != s[:6] || card.Born.Format("20060102") != s[6:14] {
			t.Errorf("%q is read as %+v", s, card)
		}
		other := []byte(strings.ToUpper(s))
		other[16] = '0' + (other[16]-'0'+1)%10
		if _, err := identity.ParseIDCard(string(other), today); err == nil {
			t.Errorf("%q and %q both pass", s, other)
		}
	})
}

func FuzzUSCC(f *testing.F) {
	for _, seed := range []string{"91440300708461136T", "91350100M000100Y43", "91440300MA5EXAMPIO"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if identity.CheckUSCC(s) == nil && (len(s) != 18 || identity.CheckUSCC(strings.ToUpper(s)) != nil) {
			t.Errorf("%q passes", s)
		}
	})
}

func FuzzBankCard(f *testing.F) {
	for _, seed := range []string{"4111111111111111", "6222021234567890123", "0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if identity.CheckBankCard(s) != nil {
			return
		}
		if len(s) < 12 || len(s) > 19 || strings.Trim(s, "0123456789") != "" {
			t.Errorf("%q passes", s)
		}
	})
}

func FuzzMobile(f *testing.F) {
	for _, seed := range []string{"13800138000", "+86 13800138000", "15400000000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if identity.CheckMobile(s) == nil && len(identity.PlainMobile(s)) != 11 {
			t.Errorf("%q passes", s)
		}
	})
}

func FuzzName(f *testing.F) {
	for _, seed := range []string{"王小明", "买买提·吐尔逊", "O'Brien", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if identity.CheckName(s) == nil && (strings.ContainsAny(s, "<>&\"=+@\n\t0123456789") || !identity.SameName(s, s)) {
			t.Errorf("%q passes", s)
		}
	})
}
