package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
)

// since are the events from a number on, the oldest first.
func (p *portal) since(seq int64) []audit.Event {
	p.t.Helper()
	all, err := p.db.Audit().Query(context.Background(), audit.Filter{}, 0, audit.MaxPage)
	if err != nil {
		p.t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(e audit.Event) bool { return e.Seq < seq })
	slices.Reverse(all)
	return all
}

// named finds the events of an action, the oldest first.
func named(all []audit.Event, action string) []audit.Event {
	return slices.DeleteFunc(slices.Clone(all), func(e audit.Event) bool { return e.Action != action })
}

// told is the detail of an event as it is stored.
func told(e audit.Event) string { return e.DetailText }

// reader is a browser of somebody who has read nothing yet: what was folded before does not hide a read.
func (p *portal) reader(name string) *visitor {
	p.t.Helper()
	v := p.visitor().still()
	v.logIn(name, testPassword).wantStatus(http.StatusSeeOther)
	return v
}

// content is what gives an answer away as one that holds content: texts and ids of the world, pictures, PDFs, an audit trail, settings.
func (w *foreignWorld) content(got *reply) string {
	kind, _, _ := strings.Cut(got.header.Get("Content-Type"), ";")
	switch {
	case got.status == http.StatusNotModified:
		return "a copy that is good"
	case kind != "text/html" && kind != "text/plain" && kind != "application/json" && got.body != "":
		return kind
	case strings.Contains(got.body, "SEALDESK_LISTEN"):
		return "the configuration"
	}
	for _, text := range append(slices.Clone(foreignTexts), "foreigner") {
		if strings.Contains(got.body, text) {
			return text
		}
	}
	for what, id := range w.made {
		if len(id) >= 8 && strings.Contains(got.body, id) && !strings.Contains(got.what, id) {
			return what
		}
	}
	return ""
}

// shown tells whether an event says that an account was shown something.
func shown(e audit.Event, account string) bool {
	return e.Actor.Name == account && e.Actor.Session != "" && e.Actor.IP != "" && e.ObjectType != "" && e.Action != "session.login" && e.Outcome == audit.OK
}

// drawn are routes whose answer is made of what was asked for alone, although it looks like content.
var drawn = []string{"GET /seals/preview", "GET /users/import/sample", "GET /organizations/import/sample"}

// Every route is asked by each role for objects that are there. Whatever answers with content has left an event before: who, what, and that it
// was shown. A route whose line says "nothing" while its answer holds something fails here.
func TestWhateverShowsContentIsRecorded(t *testing.T) {
	w, _ := newForeignWorld(t)
	routes := w.p.server.routes()
	slices.SortStableFunc(routes, func(a, b route) int { // what reads comes before what may destroy
		return strings.Compare(strings.Fields(a.Pattern)[0], strings.Fields(b.Pattern)[0])
	})
	paths := map[string]string{}
	for _, route := range routes {
		_, paths[route.Pattern], _ = w.path(route)
	}
	for _, role := range auth.Roles() {
		w.p.addAccount(string(role)+".reads", role)
	}
	count := 0
	for _, route := range routes {
		method, _, _ := strings.Cut(route.Pattern, " ")
		if strings.HasSuffix(route.Pattern, "/events") || slices.Contains(drawn, route.Pattern) || strings.Contains(route.Pattern, "/sessions") {
			continue // streams have a test of their own; ending sessions would end this one
		}
		for _, role := range auth.Roles() {
			account := string(role) + ".reads"
			v := w.p.reader(account)
			before := w.p.db.Audit().Count()
			got := v.send(method, paths[route.Pattern], "application/x-www-form-urlencoded", strings.NewReader(""))
			what := w.content(got)
			if what == "" {
				continue
			}
			count++
			if all := w.p.since(before); !slices.ContainsFunc(all, func(e audit.Event) bool { return shown(e, account) && about(route, paths[route.Pattern], e) }) {
				t.Errorf("%s shows %s (%d, %s) and leaves no event of it: %s", route.Pattern, account, got.status, what, actions(all))
			}
		}
	}
	if count < 100 {
		t.Errorf("only %d answers held content: the test looks for the wrong things", count)
	}
}

func actions(all []audit.Event) (names []string) {
	for _, e := range all {
		names = append(names, e.Action+" "+e.ObjectID+" "+e.Outcome)
	}
	return names
}

// about tells whether an event is about what the path names: the object that has the id of the path.
func about(r route, path string, e audit.Event) bool {
	return e.ObjectID == "" || slices.Contains(strings.Split(path, "/"), e.ObjectID)
}

func TestHeadsAndRangesAndCopiesAreReadsToo(t *testing.T) {
	w, _ := newForeignWorld(t)
	picture, file := "/files/"+w.file()+"/pages/1.png", "/files/"+w.file()+"/download"
	w.p.addAccount("reads", auth.Business)
	v := w.p.reader("reads")
	start := w.p.db.Audit().Count()

	first := v.get(picture).wantStatus(http.StatusOK)
	if cache := first.header.Get("Cache-Control"); cache != "private, no-cache" {
		t.Errorf("pages are kept with %q: a browser that does not ask again reads unseen", cache)
	}
	if all := named(w.p.since(start), "file.read"); len(all) != 1 || told(all[0]) != `{"pages":{"1":"1"}}` || all[0].ObjectID != w.file() {
		t.Errorf("the first page is told as %+v", all)
	}

	// Another session of the same browser shows its kept copy.
	v, start = w.p.reader("reads"), w.p.db.Audit().Count()
	v.with("If-None-Match", first.header.Get("ETag")).get(picture).wantStatus(http.StatusNotModified)
	if all := named(w.p.since(start), "file.read"); len(all) != 1 || all[0].ObjectID != w.file() {
		t.Errorf("a kept copy is told as %+v", all)
	}

	v.send(http.MethodHead, picture, "", nil).wantStatus(http.StatusOK)
	v.with("Range", "bytes=0-9").get(file)
	v.send(http.MethodHead, file, "", nil).wantStatus(http.StatusOK)
	all := w.p.since(start)
	if heads := named(all, "file.read"); len(heads) != 2 || !strings.Contains(told(heads[1]), `"method":"HEAD"`) {
		t.Errorf("HEAD of a page is told as %+v", heads)
	}
	if saved := named(all, "file.download"); len(saved) != 2 || told(saved[0]) != "" || told(saved[1]) != `{"method":"HEAD"}` {
		t.Errorf("a range and a HEAD of a file are told as %+v", saved)
	}
	seal := "/seals/" + w.seal() + "/picture"
	start = w.p.db.Audit().Count()
	if got := v.with("Range", "bytes=0-9").get(seal); got.status != http.StatusPartialContent {
		t.Errorf("a range of a seal's picture: %d", got.status)
	}
	if all := named(w.p.since(start), "seal.read"); len(all) != 1 || all[0].ObjectID != w.seal() {
		t.Errorf("a part of a seal's picture is told as %+v", all)
	}
}

// A contract of many pages that is read from end to end is a handful of events, whose pages and times are right; nothing is lost when the
// portal stops.
func TestReadingAContractIsAHandfulOfEvents(t *testing.T) {
	p := startPortal(t)
	p.background()
	a := p.side(0)
	admin := p.as(auth.Admin)
	path := admin.draft("长合同", a, a)
	admin.seals(path)
	flow := admin.post(path+"/send", nil).wantStatus(http.StatusOK).path
	p.until("the contract is sent", func() bool { return p.flow(flow).State.Open() })

	p.addAccount("reads", auth.Compliance)
	v := p.reader("reads")
	start, from := p.db.Audit().Count(), p.clock.now()
	preview := v.get(flow + "/preview").wantStatus(http.StatusOK)
	pages := regexp.MustCompile(regexp.QuoteMeta(flow)+`/files/0/pages/(\d+)\.png`).FindAllStringSubmatch(preview.body, -1)
	if len(pages) == 0 {
		t.Fatal("the preview has no pages")
	}
	for i := range 200 {
		page := pages[i%len(pages)]
		v.get(page[0]).wantStatus(http.StatusOK)
		if i == 100 {
			p.clock.advance(90 * time.Second)
		}
	}
	v.post("/logout", nil)
	all := named(p.since(start), "contract.read")
	if len(all) != 2 {
		t.Fatalf("%d events tell of the reading: %+v", len(all), all)
	}
	for _, e := range all {
		if e.Actor.Name != "reads" || e.Actor.Role != string(auth.Compliance) || e.ObjectType != "flow" || "/flows/"+e.ObjectID != flow || e.Outcome != audit.OK {
			t.Errorf("the reading is told as %+v", e)
		}
	}
	var whole struct {
		Count, Opening int64
		Pages          map[string]string
		From, To       time.Time
	}
	if err := json.Unmarshal([]byte(told(all[1])), &whole); err != nil {
		t.Fatal(err)
	}
	last := fmt.Sprintf("1-%s", pages[len(pages)-1][1])
	took := whole.To.Sub(whole.From)
	if whole.Count != 201 || whole.Opening != all[0].Seq || whole.Pages["1"] != last || took < 90*time.Second || whole.From.Sub(from).Abs() > 2*time.Minute {
		t.Errorf("the reading is told as %s; %d pages", told(all[1]), len(pages))
	}
}

// What an account may not see, it does not see; that it asked is told.
func TestAskingForWhatIsNotForOneIsTold(t *testing.T) {
	w, strangers := newForeignWorld(t)
	v := strangers["bound "+string(auth.Business)]
	for path, action := range map[string]string{"/flows/" + w.flow(): "flow.read", "/files/" + w.file() + "/download": "file.download", "/users/" + w.person(): "user.read"} {
		start := w.p.db.Audit().Count()
		for range 3 {
			v.get(path).wantStatus(http.StatusNotFound)
		}
		all := named(w.p.since(start), action)
		if len(all) != 1 || all[0].Outcome != audit.Denied || all[0].ErrorCode != "not_found" || !strings.Contains(path, all[0].ObjectID) || all[0].Actor.Name == "" {
			t.Errorf("%s: told as %+v", path, all)
		}
	}
}

// A page that follows what happens shows it for as long as it is open: its opening is told before its first message.
func TestFollowingAContractIsTold(t *testing.T) {
	w, _ := newForeignWorld(t)
	w.p.addAccount("reads", auth.Compliance)
	for path, action := range map[string]string{"/flows/" + w.flow() + "/events": "flow.read"} {
		v := w.p.reader("reads")
		ctx, stop := context.WithCancel(context.Background())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.p.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		start := w.p.db.Audit().Count()
		resp, err := v.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if all := named(w.p.since(start), action); resp.StatusCode != http.StatusOK || len(all) != 1 || !strings.Contains(path, all[0].ObjectID) {
			t.Errorf("%s: %d, told as %+v", path, resp.StatusCode, all)
		}
		stop()
		resp.Body.Close()
	}
}

// Nobody gets content that cannot be recorded.
func TestNoContentWithoutItsEvent(t *testing.T) {
	w, _ := newForeignWorld(t)
	file := w.file()
	w.p.addAccount("reads", auth.Business)
	v := w.p.reader("reads")
	if err := w.p.db.Readings().Close(); err != nil { // as after the end of the portal
		t.Fatal(err)
	}
	for _, path := range []string{"/files/" + file, "/files/" + file + "/pages/1.png", "/users"} {
		if got := v.get(path); got.status != http.StatusInternalServerError || w.content(got) != "" || got.header.Get("ETag") != "" {
			t.Errorf("%s: %d %s", path, got.status, w.content(got))
		}
	}
}
