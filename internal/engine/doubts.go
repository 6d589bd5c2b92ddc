package engine

import (
	"time"

	numbers "sealdesk/internal/identity"
)

// doubt names what is wrong with a number of a type that has rules: form, region, birth, range or check; empty when nothing is. Whoever is
// registered with such a number is taken all the same, as the platform compares numbers only when it is asked to; the evidence tells of it.
func doubt(idCardType, number string, now time.Time) string {
	var err error
	switch idCardType {
	case "ID_CARD", "HOUSEHOLD_REGISTER", "TEMP_ID_CARD":
		_, err = numbers.ParseIDCard(number, now)
	case "USCC":
		err = numbers.CheckUSCC(number)
	}
	if err == nil {
		return ""
	}
	return numberRule(err)
}
