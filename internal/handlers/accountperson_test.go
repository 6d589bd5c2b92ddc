package handlers

import (
	"net/http"
	"net/url"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
)

// TestAnAdministratorSaysWhoseAccountItIs: one account a person, within reach of it; each change is an event with both ends, and who bound
// their own account is told.
func TestAnAdministratorSaysWhoseAccountItIs(t *testing.T) {
	p := startPortal(t)
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	business, other := p.as(auth.Business, b.organization), p.addAccount("other", auth.Business)
	own, bound := "/accounts/"+p.account("business").ID, url.Values{"PersonId": {b.person}}

	business.post(own+"/person", bound).wantStatus(http.StatusForbidden)
	admin.post(own+"/person", url.Values{"PersonId": {a.person}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("PersonId")
	admin.post(own+"/person", url.Values{"PersonId": {"nobody"}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("PersonId")
	admin.post(own+"/person", bound).wantStatus(http.StatusOK).wantPath(own).wantText(".side", b.personName)
	admin.post("/accounts/"+other.ID+"/person", bound).wantStatus(http.StatusUnprocessableEntity).wantProblem("PersonId")
	admin.post(own, accountForm("", "business", "some", a.organization)).wantStatus(http.StatusUnprocessableEntity).wantProblem("Scope") // she would sign beyond it
	admin.post(own, accountForm("", "business", "some", a.organization, b.organization)).wantStatus(http.StatusOK)
	admin.post(own+"/person", bound).wantStatus(http.StatusOK) // changes nothing
	admin.post(own+"/person", nil).wantStatus(http.StatusOK)
	admin.post("/accounts/"+p.account("admin").ID+"/person", bound).wantStatus(http.StatusOK)

	events, err := p.db.Audit().Query(t.Context(), audit.Filter{Action: "account.person"}, 0, 10)
	if err != nil || len(events) != 3 {
		t.Fatalf("events: %+v, %v", events, err)
	}
	for i, want := range []struct {
		before, after string
		own           any
	}{{"", b.personName, true}, {b.personName, "", nil}, {"", b.personName, nil}} {
		d := events[i].Detail
		before, _ := d["before"].(map[string]any)
		after, _ := d["after"].(map[string]any)
		if before["person"] != want.before || after["person"] != want.after || d["own"] != want.own || d["user"] != b.person || events[i].Actor.Name != "admin" {
			t.Errorf("event %d: %+v", i, events[i])
		}
	}
	// Who has left every organisation is not somebody whom an account of some organisations is of.
	admin.post("/accounts/"+p.account("admin").ID+"/person", nil).wantStatus(http.StatusOK)
	admin.post("/users/"+b.person+"/organizations/"+b.organization+"/remove", nil).wantStatus(http.StatusOK)
	admin.post(own+"/person", bound).wantStatus(http.StatusUnprocessableEntity).wantProblem("PersonId").wantText(".side", "不属于任何机构")
	admin.post("/accounts/"+p.account("admin").ID+"/person", bound).wantStatus(http.StatusOK)
	// What an account was bound to is not another one's to take, and whoever is disabled has none.
	if _, err := p.db.PersonAccount(t.Context(), a.person); err == nil {
		t.Error("somebody without an account has one")
	}
	if got, err := p.db.PersonAccount(t.Context(), b.person); err != nil || got.Name != "admin" {
		t.Errorf("the account is %+v, %v", got, err)
	}
}
