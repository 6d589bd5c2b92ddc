package engine

import (
	"context"
	"fmt"
	"time"

	numbers "sealdesk/internal/identity"
	"sealdesk/internal/store"
)

// The register begins with people that nobody is: born in 1900, with mobiles of a satellite network that has ended and cards of no bank.
// Together they give every result and error; docs/identity-tests.md lists them.
const (
	testRegion     = "110101"
	testMobile     = "134900000"        // and two digits
	testBankCard   = "6200000000000000" // and two digits and the check digit
	identitiesMade = "identities.made"  // setting that keeps them from coming back after they were deleted
)

var testBirth = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// testPerson makes a row with the numbers that belong to n.
func testPerson(n int, name string) Identity {
	card := testBankCard + fmt.Sprintf("%02d", n)
	return Identity{Name: name, IDCard: numbers.IDCardNumber(testRegion, testBirth, n), Mobile: fmt.Sprintf("%s%02d", testMobile, n),
		BankCard: card + string(numbers.LuhnCheck(card))}
}

// TestIdentities are the rows that a new register holds.
func TestIdentities() []Identity {
	rows := []Identity{testPerson(1, "林一帆"), testPerson(2, "买买提·吐尔逊"), {Mobile: testMobile + "03"}}
	add := func(n int, set func(*Identity)) {
		i := testPerson(n, "试"+string([]rune("甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥")[n-11]))
		set(&i)
		rows = append(rows, i)
	}
	add(11, func(i *Identity) { i.IDCardResult = "103" })
	add(12, func(i *Identity) { i.IDCardResult = resultError })
	n := 13
	for _, code := range []string{"3", "104", "105", "106", resultError} {
		add(n, func(i *Identity) { i.MobileResult = code })
		n++
	}
	for _, code := range []string{"3", "4", "6", "7", "8", "9", "10", "11", "12", "13", "103", resultError} {
		add(n, func(i *Identity) { i.BankCardResult = code })
		n++
	}
	add(n, func(i *Identity) { i.FaceResult = "1" })
	add(n+1, func(i *Identity) { i.FaceResult = resultError })
	return rows
}

// makeIdentities fills a new register.
func (e *Engine) makeIdentities(ctx context.Context) error {
	return e.db.Write(ctx, func(tx *store.Tx) error {
		made, err := e.setting(ctx, tx, identitiesMade)
		if err != nil || made != "" {
			return err
		}
		for _, i := range TestIdentities() {
			if err := i.check(e.now()); err != nil {
				return fmt.Errorf("make the test identities: %w", err)
			}
			if _, err := e.putIdentity(ctx, tx, i); err != nil {
				return err
			}
		}
		return e.setSetting(ctx, tx, identitiesMade, "1")
	})
}
