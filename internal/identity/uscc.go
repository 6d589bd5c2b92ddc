package identity

import "strings"

// usccAlphabet gives the characters of a social credit code by their value: no I, O, S, V, Z (GB 32100-2015).
const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// usccLength is the length of a social credit code.
const usccLength = 18

// CheckUSCC tells whether a unified social credit code can exist: its alphabet, the kind of its registrar, a region and the check
// character. Small letters are read as large ones.
func CheckUSCC(s string) error {
	s = strings.ToUpper(s)
	if len(s) != usccLength || strings.Trim(s, usccAlphabet) != "" || !digits(s[2:8], 6, 6) {
		return ErrForm
	}
	// 1 establishment, 5 civil affairs, 9 industry and commerce …: the registrar. Y: others.
	if !strings.Contains("123456789ANY", s[:1]) {
		return ErrRange
	}
	// 10 stands for the state's own registrars.
	if province := s[2:4]; province != "10" && !provinces[province] {
		return ErrRegion
	}
	if s[17] != USCCCheck(s[:17]) {
		return ErrCheck
	}
	return nil
}

// USCCCheck gives the check character of the first 17 characters, which must be of the alphabet: weights are powers of 3 modulo 31.
func USCCCheck(first17 string) byte {
	sum, weight := 0, 1
	for i := range len(first17) {
		sum += weight * strings.IndexByte(usccAlphabet, first17[i])
		weight = weight * 3 % 31
	}
	return usccAlphabet[(31-sum%31)%31]
}
