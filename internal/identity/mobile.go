package identity

import "strings"

// mobileLength is the length of a mobile's number in mainland China.
const mobileLength = 11

// mobileRanges are the first three digits that the ministry has assigned to mobiles, satellite phones and mobiles of virtual operators
// (电信网编号计划, with its additions until 2024). 154, 160, 161, 163, 164, 168, 169, 179 and 194 are free.
var mobileRanges = map[string]string{
	"13": "0123456789", "14": "01456789", "15": "012356789", "16": "2567", "17": "012345678", "18": "0123456789", "19": "012356789",
}

// CheckMobile tells whether a number can be that of a mobile in mainland China. It is written with or without +86.
func CheckMobile(s string) error {
	s = PlainMobile(s)
	if !digits(s, mobileLength, mobileLength) {
		return ErrForm
	}
	if strings.IndexByte(mobileRanges[s[:2]], s[2]) < 0 {
		return ErrRange
	}
	return nil
}

// PlainMobile takes +86 or 0086 off a number.
func PlainMobile(s string) string {
	for _, prefix := range []string{"+86", "0086"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			return strings.TrimLeft(rest, " -")
		}
	}
	return s
}
