package identity

import (
	"strconv"
	"strings"
	"time"
)

// idCardLength is the length of a citizen's number (GB 11643-1999). Cards with the 15 digits before it have not been valid since 2013.
const idCardLength = 18

// Weights of the first 17 digits and the check characters by remainder (GB 11643-1999, by ISO 7064 MOD 11-2).
var (
	idCardWeights = [idCardLength - 1]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	idCardChecks  = "10X98765432"
)

// provinces are the first two digits of an address (GB/T 2260), with 81, 82 and 83 for residents from Hong Kong, Macao and Taiwan.
var provinces = map[string]bool{
	"11": true, "12": true, "13": true, "14": true, "15": true, // north
	"21": true, "22": true, "23": true, // north-east
	"31": true, "32": true, "33": true, "34": true, "35": true, "36": true, "37": true, // east
	"41": true, "42": true, "43": true, "44": true, "45": true, "46": true, // middle and south
	"50": true, "51": true, "52": true, "53": true, "54": true, // south-west
	"61": true, "62": true, "63": true, "64": true, "65": true, // north-west
	"71": true, "81": true, "82": true, "83": true,
}

// firstBirth is the earliest day of birth that is believed.
var firstBirth = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// IDCard is what a citizen's number says.
type IDCard struct {
	Region string // six digits (GB/T 2260)
	Born   time.Time
	Female bool
}

// ParseIDCard reads a citizen's number as it can exist at a time: region, day of birth, check character. A small x is read as X.
func ParseIDCard(s string, now time.Time) (IDCard, error) {
	s = strings.ToUpper(s)
	if !IDCardForm(s) {
		return IDCard{}, ErrForm
	}
	if !provinces[s[:2]] || s[2:6] == "0000" && s[0] != '8' && s[0] != '7' {
		return IDCard{}, ErrRegion
	}
	born, err := time.Parse("20060102", s[6:14])
	if err != nil || born.Before(firstBirth) || born.After(now) {
		return IDCard{}, ErrBirth
	}
	if s[17] != IDCardCheck(s[:17]) {
		return IDCard{}, ErrCheck
	}
	return IDCard{Region: s[:6], Born: born, Female: s[16]%2 == 0}, nil
}

// IDCardForm tells that a text has the length and the characters of a citizen's number.
func IDCardForm(s string) bool {
	if len(s) != idCardLength || !digits(s[:17], 17, 17) {
		return false
	}
	last := s[17]
	return last == 'X' || last == 'x' || last >= '0' && last <= '9'
}

// IDCardCheck gives the check character of the first 17 digits of a citizen's number. The digits must be digits.
func IDCardCheck(first17 string) byte {
	sum := 0
	for i, w := range idCardWeights {
		sum += w * int(first17[i]-'0')
	}
	return idCardChecks[sum%len(idCardChecks)]
}

// IDCardNumber makes a citizen's number from region (six digits), day of birth and a sequence of 0 to 999, odd for men. For tests.
func IDCardNumber(region string, born time.Time, sequence int) string {
	text := strconv.Itoa(1000 + sequence%1000)[1:]
	first := region + born.Format("20060102") + text
	return first + string(IDCardCheck(first))
}
