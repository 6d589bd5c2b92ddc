// Package identity knows what Chinese identity numbers look like: which identity cards, social credit codes, bank cards, mobiles and
// names can exist at all. It says nothing about whether they do exist, or whose they are.
package identity

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What can be wrong with a number or a name.
var (
	ErrForm   = errors.New("identity: wrong length or characters")
	ErrRegion = errors.New("identity: there is no such region")
	ErrBirth  = errors.New("identity: nobody was born on that day")
	ErrRange  = errors.New("identity: nobody assigns such numbers")
	ErrCheck  = errors.New("identity: the check digit does not fit")
)

// Lengths of a person's name, in characters.
const (
	minName = 2
	maxName = 50
)

// CheckName tells whether a person can bear a name: Han characters, perhaps parted by middle dots as Uyghur or Tibetan names are, or Latin letters
// with spaces, hyphens, dots and apostrophes as passports print them. The two are not mixed.
func CheckName(s string) error {
	n := utf8.RuneCountInString(s)
	if !utf8.ValidString(s) || n < minName || n > maxName || s != strings.TrimSpace(s) {
		return ErrForm
	}
	han, latin := 0, 0
	for i, r := range s {
		inside := i > 0 && i+utf8.RuneLen(r) < len(s)
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.Is(unicode.Latin, r):
			latin++
		case inside && (r == '·' || r == '•'): // U+00B7 is the standard's, U+2022 what many systems store
		case inside && strings.ContainsRune(" -.'’", r):
			latin++
		default:
			return ErrForm
		}
	}
	if han > 0 && latin > 0 || han+latin < minName {
		return ErrForm
	}
	return nil
}

// SameName compares names as registers do: letters in either case, and the two ways of writing the middle dot, are the same.
func SameName(a, b string) bool { return foldName(a) == foldName(b) }

func foldName(s string) string {
	return strings.ToUpper(strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "•", "·"))
}

// digits tells that a text consists of so many ASCII digits.
func digits(s string, least, most int) bool {
	if len(s) < least || len(s) > most {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
