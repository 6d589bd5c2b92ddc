package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
)

func TestTheTableOfPermissions(t *testing.T) {
	for _, p := range Permissions() {
		if !Can(Admin, p) {
			t.Errorf("an admin may not %s", p)
		}
		if Can("", p) || Can("king", p) {
			t.Errorf("somebody without a role may %s", p)
		}
		if strings.HasSuffix(string(p), ".write") && Can(Compliance, p) {
			t.Errorf("a reviewer may %s", p)
		}
	}
	for _, p := range []Permission{AccountsManage, SettingsRead, AuditRead, OrganizationsWrite, UsersWrite, SealsWrite} {
		if Can(Business, p) {
			t.Errorf("a business user may %s", p)
		}
	}
	for _, p := range []Permission{AuditRead, AuditVerify, AuditExport, ContractsRead} {
		if !Can(Compliance, p) {
			t.Errorf("a reviewer may not %s", p)
		}
	}
	if !Can("", Public) || Can("", SignedIn) || !Can(Business, SignedIn) || Can(Admin, "unknown.permission") {
		t.Error("public, signed-in or an unknown permission is wrong")
	}
}

func TestPasswordsAreHashedAndVerified(t *testing.T) {
	ctx := context.Background()
	hash, err := Hash(ctx, "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %q", hash)
	}
	if again, err := Hash(ctx, "correct horse battery"); err != nil || again == hash {
		t.Errorf("the salt repeats (%v)", err)
	}
	if err := Verify(ctx, hash, "correct horse battery"); err != nil {
		t.Errorf("the password does not fit: %v", err)
	}
	for _, wrong := range []string{"", "correct horse batterz", strings.Repeat("x", MaxPassword+1)} {
		if err := Verify(ctx, hash, wrong); !errors.Is(err, ErrPassword) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	for _, none := range []string{"", "x"} {
		if err := Verify(ctx, "", none); !errors.Is(err, ErrPassword) {
			t.Errorf("no account: %v", err)
		}
	}
	for _, broken := range []string{"plain", "$argon2id$v=1$m=1,t=1,p=1$AA$AA", "$argon2id$v=19$m=1,t=0,p=1$AA$AA", "$argon2id$v=19$m=1,t=1,p=1$?$AA"} {
		if err := Verify(ctx, broken, "x"); err == nil || errors.Is(err, ErrPassword) {
			t.Errorf("the broken hash %q gave %v", broken, err)
		}
	}
}

func TestAStoredHashCarriesItsOwnCost(t *testing.T) {
	hash, err := Hash(context.Background(), "密码也可以是中文的")
	if err != nil {
		t.Fatal(err)
	}
	p, err := parseHash(hash)
	if err != nil || p.memory != argonMemory || p.time != argonTime || p.threads != argonThreads || len(p.salt) != saltBytes || len(p.key) != keyBytes {
		t.Errorf("parsed %+v, %v", p, err)
	}
	salt := []byte("somesaltsomesalt")
	cheap := fmt.Sprintf("$argon2id$v=19$m=64,t=1,p=1$%s$%s", base64.RawStdEncoding.EncodeToString(salt),
		base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte("old"), salt, 1, 64, 1, 24)))
	if err := Verify(context.Background(), cheap, "old"); err != nil {
		t.Errorf("a hash of another cost does not fit: %v", err)
	}
}

func TestHashingWaitsForItsTurnAndGivesUpWithItsCaller(t *testing.T) {
	for range cap(hashing) {
		hashing <- struct{}{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Hash(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("Hash did not give up: %v", err)
	}
	for range cap(hashing) {
		<-hashing
	}
}

func TestRulesOfPasswords(t *testing.T) {
	for password, rule := range map[string]string{
		"":                              "password_short",
		"short":                         "password_short",
		strings.Repeat("ab1-", 33):      "password_long",
		"lina123456":                    "password_name",
		"aaaaaaaaaaaa":                  "password_simple",
		"abcabcabcabc":                  "password_simple",
		"1234567890":                    "password_simple",
		"abcdefghijkl":                  "password_simple",
		"9876543210":                    "password_simple",
		"password1234":                  "password_common",
		"Password!!2026":                "password_common",
		"20261123-0987":                 "password_common",
		"qwertyuiop1":                   "password_common",
		"correct horse battery":         "",
		"k3fa-9xwq-27hn-pprz":           "",
		"一只会飞的蓝色大象":                     "password_short",
		"一只会飞的蓝色大象在唱歌":                  "",
		"my name is lina and I sing":    "",
		strings.Repeat("long word ", 9): "",
	} {
		var broken *PasswordError
		err := CheckPassword("lina", password)
		switch {
		case rule == "" && err != nil:
			t.Errorf("%q is refused: %v", password, err)
		case rule != "" && (!errors.As(err, &broken) || broken.Rule != rule):
			t.Errorf("%q: %v, want %s", password, err, rule)
		}
	}
}

func TestThrottle(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	th := NewThrottle(func() time.Time { return now })
	for i := range throttleFree {
		if wait := th.Begin("li", "address"); wait != 0 {
			t.Fatalf("try %d waits %s", i, wait)
		}
	}
	if wait := th.Begin("li", "elsewhere"); wait != throttleFirst {
		t.Errorf("the account waits %s from another address, want %s", wait, throttleFirst)
	}
	if wait := th.Begin("wang", "address"); wait != 0 {
		t.Errorf("another account waits %s", wait)
	}
	last := throttleFirst
	for range 20 {
		now = now.Add(th.Begin("li", "elsewhere"))
		if wait := th.Begin("li", "elsewhere"); wait != 0 {
			t.Fatalf("after waiting it still waits %s", wait)
		}
		wait := th.Begin("li", "elsewhere")
		if wait < last || wait > throttleMax {
			t.Fatalf("the wait went from %s to %s", last, wait)
		}
		last = wait
	}
	if last != throttleMax {
		t.Errorf("the longest wait is %s", last)
	}
	now = now.Add(throttleMax)
	th.Begin("li", "fresh")
	th.Succeed("li", "fresh")
	if wait := th.Begin("li", "fresh"); wait != 0 {
		t.Errorf("after success it waits %s", wait)
	}
}

func TestAnAddressIsThrottledOverManyAccounts(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	th := NewThrottle(func() time.Time { return now })
	tries := 0
	for th.Begin("account"+string(rune('a'+tries)), "address") == 0 {
		tries++
		if tries > 100 {
			t.Fatal("an address guesses without end")
		}
	}
	if tries != throttleFree*throttleAddressFactor {
		t.Errorf("an address had %d tries", tries)
	}
	now = now.Add(throttleKeep + throttleMax)
	if wait := th.Begin("x", "address"); wait != 0 {
		t.Errorf("old failures count: %s", wait)
	}
}

func TestManyTriesAtOnceGainNothing(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	th := NewThrottle(func() time.Time { return now })
	var all sync.WaitGroup
	passed := make(chan struct{}, 1000)
	for range 200 {
		all.Go(func() {
			if th.Begin("li", "address") == 0 {
				passed <- struct{}{}
			}
		})
	}
	all.Wait()
	if len(passed) != throttleFree {
		t.Errorf("%d tries passed at once, want %d", len(passed), throttleFree)
	}
}

func TestTheThrottleForgetsTheLeastRecentKey(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	th := NewThrottle(func() time.Time { return now })
	for i := range throttleKeys {
		th.Begin("account", "address"+time.Duration(i).String())
	}
	if len(th.byKey) > throttleKeys || th.order.Len() != len(th.byKey) {
		t.Errorf("it keeps %d keys", len(th.byKey))
	}
}
