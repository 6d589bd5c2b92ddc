package identity_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/identity"
)

var today = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// kinds are the checks by what they check.
var kinds = map[string]func(string) error{
	"id card": func(s string) error {
		_, err := identity.ParseIDCard(s, today)
		return err
	},
	"uscc":      identity.CheckUSCC,
	"bank card": identity.CheckBankCard,
	"mobile":    identity.CheckMobile,
	"name":      identity.CheckName,
}

func TestNumbers(t *testing.T) {
	for _, tt := range []struct {
		kind, number string
		want         error
	}{
		// The first two stand as examples in GB 11643-1999.
		{"id card", "11010519491231002X", nil},
		{"id card", "440524188001010014", identity.ErrBirth}, // right in 1880
		{"id card", "11010519491231002x", nil},
		{"id card", "110105194912310021", identity.ErrCheck},
		{"id card", "990105194912310020", identity.ErrRegion},
		{"id card", "110000194912310020", identity.ErrRegion},
		{"id card", "440000199001010010", identity.ErrRegion},
		{"id card", "110105199002300020", identity.ErrBirth},
		{"id card", "110105203001010020", identity.ErrBirth},
		{"id card", "110105491231002", identity.ErrForm},
		{"id card", "1101051949123100AX", identity.ErrForm},
		{"id card", "", identity.ErrForm},
		// Codes that their companies print on their sites.
		{"uscc", "91350100M000100Y43", nil}, // the example of GB 32100-2015
		{"uscc", "91440300708461136T", nil},
		{"uscc", "91440300708461136t", nil},
		{"uscc", "91440300708461136A", identity.ErrCheck},
		{"uscc", "91990300708461136T", identity.ErrRegion},
		{"uscc", "01440300708461136T", identity.ErrRange},
		{"uscc", "91440300MA5EXAMPIO", identity.ErrForm},
		{"uscc", "9144030070846113", identity.ErrForm},
		{"bank card", "4111111111111111", nil},
		{"bank card", "378282246310005", nil},
		{"bank card", "4111111111111112", identity.ErrCheck},
		{"bank card", "41111111111", identity.ErrForm},
		{"bank card", "41111111111111111111", identity.ErrForm},
		{"bank card", "0111111111111111", identity.ErrRange},
		{"bank card", "4111 1111 1111 1111", identity.ErrForm},
		{"mobile", "13800138000", nil},
		{"mobile", "+8613800138000", nil},
		{"mobile", "0086 13800138000", nil},
		{"mobile", "19900000000", nil},
		{"mobile", "15400000000", identity.ErrRange},
		{"mobile", "12300000000", identity.ErrRange},
		{"mobile", "1380013800", identity.ErrForm},
		{"mobile", "138001380000", identity.ErrForm},
		{"name", "王小明", nil},
		{"name", "买买提·吐尔逊", nil},
		{"name", "O'Brien Anne-Marie", nil},
		{"name", "王", identity.ErrForm},
		{"name", "王小明2", identity.ErrForm},
		{"name", "王 小明", identity.ErrForm},
		{"name", "·王小明", identity.ErrForm},
		{"name", " 王小明", identity.ErrForm},
		{"name", "<b>王小明", identity.ErrForm},
		{"name", strings.Repeat("王", 51), identity.ErrForm},
		{"name", "王\xff明", identity.ErrForm},
	} {
		if got := kinds[tt.kind](tt.number); !errors.Is(got, tt.want) || (got == nil) != (tt.want == nil) {
			t.Errorf("%s %q: %v, want %v", tt.kind, tt.number, got, tt.want)
		}
	}
}

func TestIDCardSaysWhoItIs(t *testing.T) {
	card, err := identity.ParseIDCard("11010519491231002X", today)
	if err != nil || card.Region != "110105" || card.Born.Format(time.DateOnly) != "1949-12-31" || !card.Female {
		t.Errorf("%+v, %v", card, err)
	}
	made := identity.IDCardNumber("110105", card.Born, 2)
	if made != "11010519491231002X" {
		t.Errorf("made %s", made)
	}
}

func TestSameName(t *testing.T) {
	if !identity.SameName("Anne  Brown", "ANNE BROWN") || !identity.SameName("买买提•吐尔逊", "买买提·吐尔逊") || identity.SameName("王小明", "王小鸣") {
		t.Error("names are compared wrongly")
	}
}

// One changed digit must be found, whichever it is: that is what check digits are for.
func TestEveryChangedDigitIsFound(t *testing.T) {
	for kind, number := range map[string]string{"id card": "11010519491231002X", "uscc": "91440300708461136T", "bank card": "4111111111111111"} {
		for i := range len(number) {
			for _, c := range "0123456789" {
				changed := number[:i] + string(c) + number[i+1:]
				if changed != number && kinds[kind](changed) == nil {
					t.Errorf("%s: %s passes", kind, changed)
				}
			}
		}
	}
}
