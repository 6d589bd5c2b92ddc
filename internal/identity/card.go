package identity

// Lengths of bank card numbers (ISO/IEC 7812-1; UnionPay cards begin at 13, some older debit cards have 12).
const (
	minBankCard = 12
	maxBankCard = 19
)

// CheckBankCard tells whether a bank card can have a number: its length and its last digit by Luhn.
func CheckBankCard(s string) error {
	if !digits(s, minBankCard, maxBankCard) {
		return ErrForm
	}
	if s[0] == '0' {
		return ErrRange
	}
	if s[len(s)-1] != LuhnCheck(s[:len(s)-1]) {
		return ErrCheck
	}
	return nil
}

// LuhnCheck gives the digit that makes a number pass (ISO/IEC 7812-1, annex B). The text must consist of digits.
func LuhnCheck(number string) byte {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}
