package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

func TestLongListsAreSearched(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	p.addOrganization("org", "深圳市示例科技有限公司")
	const people = db.MaxChoices + 20
	for i := range people {
		if err := p.db.AddUser(t.Context(), db.User{ID: fmt.Sprintf("u%03d", i), Name: fmt.Sprintf("王小明%03d", i), Created: p.clock.now().Add(time.Duration(i) * time.Second),
			Organizations: []db.UserOrganization{{ID: "org"}}}); err != nil {
			t.Fatal(err)
		}
	}
	form := admin.get("/drafts/new").wantStatus(http.StatusOK)
	if n := form.find("#f-OperatorId option[value^=u]").Length(); n != db.MaxChoices {
		t.Errorf("%d operators to choose from", n)
	}
	where, ok := form.find("#f-OperatorId").Parent().Find("input[type=search]").Attr("hx-get")
	if !ok {
		t.Fatal("a long list without a search")
	}
	if form.find("#f-OrganizationId").Parent().Find("input[type=search]").Length() != 0 {
		t.Error("a short list has a search")
	}
	found := admin.get(where + "&OrganizationId=org&q=" + url.QueryEscape("王小明003")).wantStatus(http.StatusOK)
	if n := strings.Count(found.body, "<option"); n != 1 || !strings.Contains(found.body, `value="u003"`) || !strings.Contains(found.body, "王小明003") {
		t.Errorf("found %d: %s", n, found.body)
	}
	if none := admin.get(where + "&OrganizationId=org&q=nobody").wantStatus(http.StatusOK); strings.Contains(none.body, "<option") || !strings.Contains(none.body, "没有找到") {
		t.Error(none.body)
	}

	// Whoever is older than what the list holds stays chosen when the form comes again.
	again := admin.postFiles("/drafts", url.Values{"OrganizationId": {"org"}, "OperatorId": {"u003"}}).wantStatus(http.StatusUnprocessableEntity)
	if chosen, _ := again.find("#f-OperatorId option[selected]").Attr("value"); chosen != "u003" {
		t.Errorf("chosen after a refusal: %q", chosen)
	}
}

// The owner and the operator of a seal are found by the same search; both must still be chosen after a refusal.
func TestTheOwnerOfASealStaysChosen(t *testing.T) {
	p := startPortal(t)
	for i := range db.MaxChoices + 2 {
		if err := p.db.AddUser(t.Context(), db.User{ID: fmt.Sprintf("u%03d", i), Name: "王小明", Created: p.clock.now().Add(time.Duration(i) * time.Second)}); err != nil {
			t.Fatal(err)
		}
	}
	form := url.Values{"Owner": {"user:u000"}, "SealType": {"CONTRACT"}, "OperatorID": {"u001"}} // no seal for a person
	got := p.as(auth.Admin).post("/seals", form).wantStatus(http.StatusUnprocessableEntity)
	for field, want := range map[string]string{"Owner": "user:u000", "OperatorID": "u001"} {
		if chosen := got.find("#f-"+field+" option[selected]").AttrOr("value", ""); chosen != want {
			t.Errorf("%s is now %q", field, chosen)
		}
	}
}

func TestChoicesAreOfTheAccountsScope(t *testing.T) {
	p := startPortal(t)
	p.addOrganization("ours", "深圳市示例科技有限公司")
	p.addOrganization("theirs", "北京样例软件有限责任公司")
	for _, u := range []db.User{{ID: "inside", Name: "王小明"}, {ID: "outside", Name: "李娜"}} {
		if err := p.db.AddUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	for user, organization := range map[string]string{"inside": "ours", "outside": "theirs"} {
		if err := p.db.AssignUser(t.Context(), db.Everything(), user, organization); err != nil {
			t.Fatal(err)
		}
	}
	admin, business, compliance := p.as(auth.Admin, "ours"), p.as(auth.Business, "ours"), p.as(auth.Compliance, "ours")
	for _, test := range []struct {
		kind    string
		outside bool // is there too
	}{{"people", false}, {"organizations", false}, {"owners", false}, {"parties", true}, {"party-organizations", true}} {
		got := admin.get("/choices/" + test.kind).wantStatus(http.StatusOK)
		if has := strings.Contains(got.body, "李娜") || strings.Contains(got.body, "北京样例"); has != test.outside {
			t.Errorf("%s: somebody outside is there: %t", test.kind, has)
		}
		if !strings.Contains(got.body, "王小明") && !strings.Contains(got.body, "深圳市示例") {
			t.Errorf("%s lacks the account's own", test.kind)
		}
	}
	business.get("/choices/owners").wantStatus(http.StatusForbidden)
	compliance.get("/choices/parties").wantStatus(http.StatusForbidden)
	admin.get("/choices/anything").wantStatus(http.StatusNotFound)
}
