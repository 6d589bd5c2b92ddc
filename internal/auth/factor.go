package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// What every authenticator app can do: six digits of HMAC-SHA-1 over steps of 30 seconds (RFC 6238).
const (
	totpPeriod = 30
	totpSkew   = 1  // steps that a clock may be off, either way
	totpSecret = 20 // bytes
)

// RecoveryCodes is how many codes stand in for a lost second factor; each is good once.
const RecoveryCodes = 10

// ErrCode is the answer to a code of a second factor that is wrong, or was used already.
var ErrCode = errors.New("wrong code")

// TOTPKey is a secret of a second factor as people take it over: the address that the QR code holds, and the secret to type.
type TOTPKey struct{ Secret, URL string }

// NewTOTP makes a secret for an account.
func NewTOTP(issuer, account string) (TOTPKey, error) {
	return totpKey(totp.GenerateOpts{Issuer: issuer, AccountName: account, Period: totpPeriod, SecretSize: totpSecret, Rand: rand.Reader})
}

// TOTPOf is the key of a secret that was made before.
func TOTPOf(issuer, account, secret string) (TOTPKey, error) {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		return TOTPKey{}, fmt.Errorf("read a second factor: %w", err)
	}
	return totpKey(totp.GenerateOpts{Issuer: issuer, AccountName: account, Period: totpPeriod, Secret: raw})
}

func totpKey(o totp.GenerateOpts) (TOTPKey, error) {
	key, err := totp.Generate(o)
	if err != nil {
		return TOTPKey{}, fmt.Errorf("make a second factor: %w", err)
	}
	return TOTPKey{Secret: key.Secret(), URL: key.URL()}, nil
}

// CheckTOTP finds the time step that a code is of. Steps up to last have been used; ErrCode where no other fits.
func CheckTOTP(secret, code string, now time.Time, last int64) (step int64, err error) {
	code = strings.ReplaceAll(code, " ", "")
	current := now.Unix() / totpPeriod
	found := int64(-1)
	for step := current - totpSkew; step <= current+totpSkew; step++ {
		want, err := totp.GenerateCodeCustom(secret, time.Unix(step*totpPeriod, 0), totp.ValidateOpts{Period: totpPeriod, Digits: otp.DigitsSix})
		if err != nil {
			return 0, fmt.Errorf("compute the code of a second factor: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > last {
			found = step
		}
	}
	if found < 0 {
		return 0, ErrCode
	}
	return found, nil
}

// clearLetters are letters and digits that nobody takes for another when they are read out or copied from paper.
const clearLetters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"

// NewRecoveryCodes makes the codes of an account, about 59 bits each: KQ3F-A9XW-7MHD.
func NewRecoveryCodes() []string {
	codes := make([]string, RecoveryCodes)
	for i := range codes {
		var b strings.Builder
		for n := 0; n < 12; {
			var r [1]byte
			rand.Read(r[:]) //nolint:errcheck // never fails
			if r[0] >= 248 {
				continue // below it is a fair choice among 31 letters
			}
			if n > 0 && n%4 == 0 {
				b.WriteByte('-')
			}
			b.WriteByte(clearLetters[int(r[0])%len(clearLetters)])
			n++
		}
		codes[i] = b.String()
	}
	return codes
}

// PlainRecoveryCode is a code as typed, without what people leave out or add.
func PlainRecoveryCode(typed string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToUpper(typed))
}
