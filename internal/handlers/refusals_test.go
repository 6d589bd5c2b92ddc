package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
)

// refusals are the events from a number on that tell of something refused or failed.
func (p *portal) refusals(seq int64) []audit.Event {
	return slices.DeleteFunc(p.since(seq), func(e audit.Event) bool { return e.Outcome != audit.Denied && e.Outcome != audit.Failed })
}

// Every route that may change something is asked by each role with an empty form, for objects that are there and for such as are not: whatever
// is refused leaves an event that names the account, and the object where the path names one. Nothing done is told as refused.
func TestWhateverIsRefusedIsRecorded(t *testing.T) {
	w, _ := newForeignWorld(t)
	type try struct {
		route route
		path  string
	}
	var tries []try
	for _, route := range w.p.server.routes() {
		method, pattern, _ := strings.Cut(route.Pattern, " ")
		if method == http.MethodGet || route.Need == auth.Public || strings.Contains(pattern, "/sessions") {
			continue
		}
		_, path, _ := w.path(route)
		tries = append(tries, try{route, path})
		if strings.Contains(pattern, "{id}") {
			tries = append(tries, try{route, strings.NewReplacer("{id}", "made-up", "{approver}", "x", "{page}", "1.png").Replace(pattern)})
		}
	}
	count := map[int]int{}
	for _, role := range auth.Roles() {
		name := string(role) + ".refused"
		w.p.addAccount(name, role)
		for _, one := range tries {
			v := w.p.reader(name)
			w.p.clock.advance(11 * time.Minute) // refusals of before are told: this one begins anew
			method, _, _ := strings.Cut(one.route.Pattern, " ")
			before := w.p.db.Audit().Count()
			got := v.send(method, one.path, "application/x-www-form-urlencoded", strings.NewReader(""))
			all := slices.DeleteFunc(w.p.refusals(before), func(e audit.Event) bool { return e.Actor.Name != name || strings.Contains(told(e), "opening") })
			count[got.status]++
			switch {
			case got.status < http.StatusBadRequest:
				if refused := named(all, actionRefused); len(refused) > 0 {
					t.Errorf("%s as %s answers %d and is told as refused: %v", one.path, role, got.status, actions(refused))
				}
			case len(all) == 0:
				t.Errorf("%s as %s is refused (%d) and leaves no event", one.path, role, got.status)
			case all[len(all)-1].ErrorCode == "" && all[len(all)-1].Action != "access.denied" || !about(one.route, one.path, all[len(all)-1]) && all[len(all)-1].ObjectType != "route":
				t.Errorf("%s as %s is refused (%d) and told as %+v", one.path, role, got.status, all)
			}
		}
	}
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity} {
		if count[status] < 5 {
			t.Errorf("only %d answers with %d: the test tries the wrong things (%v)", count[status], status, count)
		}
	}
}

// What is refused before anybody is known, or for a reason that the status does not say, has a code of its own.
func TestRefusalsSayWhy(t *testing.T) {
	p := startPortal(t)
	one := func(what, code string, do func()) audit.Event {
		t.Helper()
		before := p.db.Audit().Count()
		do()
		all := p.refusals(before)
		if len(all) != 1 || all[0].ErrorCode != code || all[0].Outcome != audit.Denied || all[0].Actor.IP == "" {
			t.Fatalf("%s is told as %+v, want one event with the code %s", what, all, code)
		}
		return all[0]
	}
	wrong := url.Values{"Token": {"WRONG"}, "Name": {"li.na"}, "Password": {testPassword}, "Repeat": {testPassword}}
	one("a wrong token of the set-up", "wrong_token", func() { p.visitor().post("/setup", wrong).wantStatus(http.StatusUnprocessableEntity) })
	admin := p.as(auth.Admin)
	one("a wrong link", "wrong_token", func() { p.visitor().get("/welcome?token=made-up").wantStatus(http.StatusNotFound) })
	p.clock.advance(11 * time.Minute)
	one("a password for a wrong link", "wrong_token", func() {
		p.visitor().post("/welcome", passwordForm("/welcome?token=made-up", testPassword)).wantStatus(http.StatusNotFound)
	})
	e := one("a wrong password of one's own", "wrong_password", func() {
		admin.post("/account/password", url.Values{"Current": {"wrong"}, "Password": {"another-good-one"}, "Repeat": {"another-good-one"}}).wantStatus(http.StatusUnprocessableEntity)
	})
	if e.Actor.Name != "admin" || e.ObjectType != "route" || e.ObjectID != "/account/password" {
		t.Errorf("told as %+v", e)
	}
	e = one("another site's form", "cross_origin", func() {
		admin.with("Sec-Fetch-Site", "cross-site").post("/logout", nil).wantStatus(http.StatusForbidden)
	})
	if e.Actor.Name != "admin" {
		t.Errorf("told as %+v", e)
	}
	one("an unsigned callback", "unsigned", func() { p.visitor().post(CallbackPath, url.Values{"a": {"b"}}).wantStatus(http.StatusUnauthorized) })
	one("a made-up session", "session_unknown", func() {
		p.visitor().with("Cookie", "sealdesk="+strings.Repeat("A", 43)).get("/login").wantStatus(http.StatusOK)
	})
}

// A stranger's flood of refusals is few events, whatever addresses, cookies and paths they make up.
func TestAFloodOfRefusedRequestsIsFewEvents(t *testing.T) {
	p := startPortal(t)
	p.as(auth.Admin)
	before := p.db.Audit().Count()
	for range 60 {
		v := p.visitor().with("Cookie", "sealdesk="+strings.Repeat("B", 43))
		v.post(CallbackPath, url.Values{"a": {"b"}}).wantStatus(http.StatusUnauthorized)
		v.get("/welcome?token=made-up").wantStatus(http.StatusNotFound)
		v.with("Sec-Fetch-Site", "cross-site").post("/flows", nil).wantStatus(http.StatusForbidden)
	}
	if all := p.refusals(before); len(all) > 6 {
		t.Errorf("%d events: %v", len(all), actions(all))
	}
}

// A change that an account has no right to, or that comes too often, names what it was about, and says what was asked for.
func TestARefusalNamesItsObject(t *testing.T) {
	w, _ := newForeignWorld(t)
	w.p.addAccount("wang", auth.Compliance)
	v := w.p.reader("wang")
	before := w.p.db.Audit().Count()
	v.post("/flows/"+w.flow()+"/cancel", url.Values{"CancelMessage": {"x"}}).wantStatus(http.StatusForbidden)
	denied := named(w.p.refusals(before), "access.denied")
	if len(denied) != 1 || denied[0].ObjectType != "flow" || denied[0].ObjectID != w.flow() {
		t.Fatalf("told as %+v", denied)
	}
	v.get("/audit/"+eventNumber(denied[0].Seq)).wantStatus(http.StatusOK).wantText("main", "被拒绝：撤销《")
	stranger := w.p.visitor()
	for range 12 {
		stranger.post("/login", url.Values{"Name": {"wang"}, "Password": {"wrong"}})
	}
	last := named(w.p.refusals(before), actionRefused)
	account, err := w.p.db.AccountByName(t.Context(), "wang")
	if err != nil || len(last) == 0 || last[0].ObjectType != "account" || last[0].ObjectID != account.ID || last[0].ErrorCode != "throttled" {
		t.Fatalf("%v: too many tries are told as %+v", err, last)
	}
	v.get("/audit/"+eventNumber(last[0].Seq)).wantText("main", "被拒绝：登录账号")
}
