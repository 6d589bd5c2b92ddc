package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"

	"golang.org/x/text/unicode/norm"
)

// The bounds of a name to log in with and of a name to show, in characters.
const (
	minName        = 2
	maxName        = 32
	maxDisplayName = 64
)

// NameError says which rule a name breaks. The audit log tells acts by these names, so that none may pass for another.
type NameError struct {
	Field string // "Name" or "DisplayName"
	Rule  string // "required", "account_name", "max", "name_machine", "name_alike", "name_hidden"
	Param string // of "max": how many characters are allowed; of "name_alike": the account that has a name of the same look
}

func (e *NameError) Error() string {
	switch e.Rule {
	case "name_machine":
		return "the audit log names the program itself like this; choose another name"
	case "name_alike":
		return fmt.Sprintf("the name looks like that of the account %q; choose another one", e.Param)
	case "max":
		return "a name to show has at most " + e.Param + " characters"
	case "name_hidden":
		return "the name has characters that cannot be seen or that change the order of the text; leave them out"
	}
	return fmt.Sprintf("a name has %d to %d Chinese characters, Latin letters, digits or . _ - @, without spaces", minName, maxName)
}

// misleading are words by which people would take an account for the program, besides the names and roles of audit: those that pages show for
// them, in both languages. A test holds them against the catalogues.
var misleading = []string{
	"portal", "platform", "nobody", "anonymous", "witness", "commandline", "platformcallback", "nobodysignedin", "callingprogram", "holderofalink", "theportalforanaccount", "门户代账号读取",
	"系统", "系統", "印台", "印台系统", "印台系統", "平台", "平台回调", "回调", "命令行", "终端", "运维", "运维人员", "控制台", "引擎", "未登录", "匿名", "调用方程序", "签署人", "链接持有人",
}

// CheckName holds a new name to log in with against the rules that need no look at other accounts; a *NameError says which one it breaks.
func CheckName(name string) error {
	n := utf8.RuneCountInString(name)
	switch {
	case name == "":
		return &NameError{Field: "Name", Rule: "required"}
	case n < minName || n > maxName || norm.NFKC.String(name) != name || strings.ContainsFunc(name, strangeInName) || lookOf(name) == "":
		return &NameError{Field: "Name", Rule: "account_name"}
	case namesMachine(name):
		return &NameError{Field: "Name", Rule: "name_machine"}
	}
	return nil
}

// CheckDisplayName does the same for a name to show, which may have any script and spaces; an empty one is none.
func CheckDisplayName(name string) error {
	hidden := func(r rune) bool {
		return !unicode.IsGraphic(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
	}
	switch {
	case utf8.RuneCountInString(name) > maxDisplayName:
		return &NameError{Field: "DisplayName", Rule: "max", Param: strconv.Itoa(maxDisplayName)}
	case strings.ContainsFunc(name, hidden):
		return &NameError{Field: "DisplayName", Rule: "name_hidden"}
	case namesMachine(name):
		return &NameError{Field: "DisplayName", Rule: "name_machine"}
	}
	return nil
}

// Misleads tells that a name could be taken for that of the program, as older accounts may have one.
func Misleads(name string) bool { return namesMachine(name) }

func namesMachine(name string) bool {
	look := lookOf(name)
	same := func(word string) bool { return lookOf(word) == look }
	return slices.ContainsFunc(audit.Machines(), same) || slices.ContainsFunc(audit.MachineRoles(), same) ||
		slices.ContainsFunc(misleading, same) || strings.HasPrefix(strings.ToLower(name), audit.LinkPrefix)
}

// strangeInName tells of characters that no name to log in with has: letters are Chinese or Latin, so that no other script lends its look-alikes.
func strangeInName(r rune) bool {
	if unicode.Is(unicode.Han, r) || '0' <= r && r <= '9' || strings.ContainsRune("._-@", r) {
		return false
	}
	base, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r)))
	return !('a' <= base && base <= 'z' || 'A' <= base && base <= 'Z')
}

// alike are characters that look like a Latin letter, after case, marks and compatible forms are gone. Small l, capital i and the digit one are one.
var alike = map[rune]rune{
	'i': 'l', 'ı': 'l', '1': 'l', '|': 'l', 'ł': 'l', '0': 'o', 'ø': 'o', 'ɡ': 'g',
	'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'є': 'e', 'һ': 'h', 'н': 'h', 'і': 'l', 'ј': 'j', 'к': 'k', 'ӏ': 'l', 'м': 'm', 'п': 'n', 'о': 'o', 'р': 'p',
	'ԛ': 'q', 'г': 'r', 'ѕ': 's', 'т': 't', 'ѵ': 'v', 'ԝ': 'w', 'ѡ': 'w', 'х': 'x', 'у': 'y', 'ү': 'y', 'ӡ': 'z',
	'α': 'a', 'β': 'b', 'ε': 'e', 'γ': 'y', 'η': 'n', 'ι': 'l', 'κ': 'k', 'μ': 'm', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x', 'ω': 'w',
}

// pairs are two letters that look like one.
var pairs = strings.NewReplacer("rn", "m", "vv", "w")

// lookOf is the same for names that one could take for each other: without case, marks, signs, spaces and what cannot be seen, and with one
// letter for those that look alike.
func lookOf(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		r = unicode.ToLower(r)
		if other, ok := alike[r]; ok {
			r = other
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return pairs.Replace(b.String())
}

// admitName holds the names of a new account against the rules and against the other accounts.
func admitName(ctx context.Context, tx *store.Tx, name, display string) error {
	if err := errors.Join(CheckName(name), CheckDisplayName(display)); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, "SELECT name FROM accounts")
	if err != nil {
		return fmt.Errorf("compare names: %w", err)
	}
	others, err := collect(rows, func(row interface{ Scan(...any) error }) (other string, err error) { return other, row.Scan(&other) })
	if err != nil {
		return fmt.Errorf("compare names: %w", err)
	}
	for _, other := range others {
		if nameKey(other) == nameKey(name) {
			return ErrNameTaken
		}
		if lookOf(other) == lookOf(name) {
			return &NameError{Field: "Name", Rule: "name_alike", Param: other}
		}
	}
	return nil
}
