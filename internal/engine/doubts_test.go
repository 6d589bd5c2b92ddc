package engine_test

import (
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
)

// TestDoubtfulNumbersAreTakenAndNoted registers people and organisations whose numbers cannot exist.
func TestDoubtfulNumbersAreTakenAndNoted(t *testing.T) {
	p := start(t)
	last := func(action string) string {
		events, err := p.engine.Evidence().Query(t.Context(), audit.Filter{Action: action}, 0, 1)
		if err != nil || len(events) != 1 {
			t.Fatalf("%v, %v", events, err)
		}
		return events[0].DetailText
	}
	for number, want := range map[string]string{"11010519491231002X": `"doubt":""`, "110105194912310021": `"doubt":"check"`, "1": `"doubt":"form"`, "990105194912310021": `"doubt":"region"`} {
		do(p, api.CreateUser, &api.CreateUserRequest{OpenId: "p" + number, Name: "赵敏", IdCardType: "ID_CARD", IdCardNumber: number})
		if got := last("user.create"); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", number, got, want)
		}
	}
	for number, want := range map[string]string{"91440300708461136T": `"doubt":""`, "91440300MA5EXAMP1A": `"doubt":"check"`} {
		do(p, api.CreateSubOrganization, &api.CreateSubOrganizationRequest{Name: "示例", IdCardType: "USCC", IdCardNumber: number, OrganizationType: "OTHERS",
			LegalName: "赵敏", LegalIdCardType: "PASSPORT", LegalIdCardNumber: "E12345678"})
		if got := last("organization.create"); !strings.Contains(got, want) || !strings.Contains(got, `"legalDoubt":""`) {
			t.Errorf("%s: %s, want %s", number, got, want)
		}
	}
}
