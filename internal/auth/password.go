package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// The cost of one hash: OWASP's first choice for argon2id. Stored hashes carry their own, so that these may rise later.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	saltBytes    = 16
	keyBytes     = 32
)

// The bounds of a password, in characters. The upper one keeps a request from buying much hashing.
const (
	MinPassword = 10
	MaxPassword = 128
)

// ErrPassword is the answer to a wrong password.
var ErrPassword = errors.New("wrong password")

// hashing bounds the memory that log-ins can claim at once: 4 × 19 MiB.
var hashing = make(chan struct{}, 4)

// Hash makes the string to store for a password, in the PHC format. It waits while 4 others are at work.
func Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	key, err := derive(ctx, password, salt, argonTime, argonMemory, argonThreads, keyBytes)
	if err != nil {
		return "", err
	}
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, encode(salt), encode(key)), nil
}

func derive(ctx context.Context, password string, salt []byte, time, memory uint32, threads uint8, size uint32) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
	case <-ctx.Done():
		return nil, fmt.Errorf("hash password: %w", ctx.Err())
	}
	return argon2.IDKey([]byte(password), salt, time, memory, threads, size), nil
}

// decoy is a hash that no password fits, so that a log-in with an unknown name costs the same time as one with a known name.
const decoy = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Verify compares a password with a stored hash: nil when it fits, ErrPassword when not. An empty hash (no such account) takes as long
// as a wrong password.
func Verify(ctx context.Context, hash, password string) error {
	known := hash != ""
	if !known {
		hash = decoy
	}
	if utf8.RuneCountInString(password) > MaxPassword {
		password = ""
	}
	p, err := parseHash(hash)
	if err != nil {
		return err
	}
	key, err := derive(ctx, password, p.salt, p.time, p.memory, p.threads, uint32(len(p.key)))
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(key, p.key) != 1 || !known || password == "" {
		return ErrPassword
	}
	return nil
}

type parsedHash struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

func parseHash(hash string) (parsedHash, error) {
	var p parsedHash
	var version int
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return p, errors.New("stored password hash is not argon2id")
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return p, errors.New("stored password hash has an unknown version")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return p, fmt.Errorf("stored password hash: cost: %w", err)
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return p, fmt.Errorf("stored password hash: salt: %w", err)
	}
	if p.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return p, fmt.Errorf("stored password hash: key: %w", err)
	}
	if p.time == 0 || p.threads == 0 || len(p.key) == 0 {
		return p, errors.New("stored password hash has no cost")
	}
	return p, nil
}

// PasswordError says which rule a new password breaks. Rule is the last part of a catalogue key "validation.RULE".
type PasswordError struct {
	Rule  string // password_short, password_long, password_name, password_simple, password_common
	Param string // the bound, where the rule has one
}

func (e *PasswordError) Error() string { return "password breaks the rule " + e.Rule }

// CheckPassword holds a new password of the account against the rules: length, not the account's name, not one of the usual ones. There
// are no rules on kinds of characters: they make passwords worse (NIST SP 800-63B).
func CheckPassword(name, password string) error {
	folded := strings.ToLower(password)
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return &PasswordError{Rule: "password_short", Param: fmt.Sprint(MinPassword)}
	case n > MaxPassword:
		return &PasswordError{Rule: "password_long", Param: fmt.Sprint(MaxPassword)}
	case name != "" && strings.Contains(folded, strings.ToLower(name)) && withoutName(folded, strings.ToLower(name)) < MinPassword-2:
		return &PasswordError{Rule: "password_name"}
	case distinct(folded) < 5 || isRun(folded):
		return &PasswordError{Rule: "password_simple"}
	case isCommon(folded):
		return &PasswordError{Rule: "password_common"}
	}
	return nil
}

// withoutName counts what is left of a password when the account's name is taken out.
func withoutName(password, name string) int {
	return utf8.RuneCountInString(strings.ReplaceAll(password, name, ""))
}

func distinct(s string) int {
	seen := make(map[rune]bool)
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// isRun tells whether every character follows the one before, up or down: 1234567890, zyxwvutsrq.
func isRun(s string) bool {
	runes := []rune(s)
	for _, step := range []rune{1, -1} {
		run := true
		for i := 1; i < len(runes) && run; i++ {
			run = runes[i]-runes[i-1] == step || runes[i-1] == '9' && runes[i] == '0'
		}
		if run {
			return true
		}
	}
	return false
}

// usual are words from which people make their passwords when a rule asks for ten characters; digits and signs around them add nothing.
var usual = []string{
	"password", "passw0rd", "p@ssw0rd", "p@ssword", "qwerty", "qwertyuiop", "asdfghjkl", "1q2w3e4r", "1qaz2wsx", "qazwsx", "zxcvbnm", "letmein",
	"welcome", "iloveyou", "woaini", "administrator", "admin", "root", "changeme", "secret", "sealdesk", "test", "user", "login", "abc", "a",
}

func isCommon(folded string) bool {
	core := strings.TrimFunc(folded, func(r rune) bool { return unicode.IsDigit(r) || !unicode.IsLetter(r) })
	for _, word := range usual {
		if core == word || strings.TrimFunc(word, unicode.IsDigit) == core || folded == word+word {
			return true
		}
	}
	return core == "" // digits and signs only
}
