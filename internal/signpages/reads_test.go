package signpages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/engine"
)

// evidence are the events of the engine's log from a number on, the oldest first.
func (w *world) evidence(from int64) []audit.Event {
	w.t.Helper()
	all, err := w.engine.Evidence().Query(w.t.Context(), audit.Filter{}, 0, audit.MaxPage)
	must(w.t, err)
	all = slices.DeleteFunc(all, func(e audit.Event) bool { return e.Seq < from })
	slices.Reverse(all)
	return all
}

// preview makes a link for reading only and gives its path.
func (w *world) preview(flow string) string {
	w.t.Helper()
	made, err := api.CreatePreviewSignUrl.Call(w.t.Context(), w.client, &api.CreatePreviewSignUrlRequest{Caller: w.caller(), FlowId: flow,
		SignUrlType: api.BusinessFlow, Deadline: w.clock.Now().Add(time.Hour).Unix()})
	must(w.t, err)
	u, err := url.Parse(made.PreviewSignUrl)
	must(w.t, err)
	return u.Path
}

// Every route of the table is asked for things that are there: whatever shows a contract, a person or a seal has left an event of who saw what.
func TestWhateverALinkShowsIsInTheEvidence(t *testing.T) {
	w := newWorld(t)
	flow := w.flow()
	sign := w.send(flow, func(r *api.SendFlowUrlRequest) { r.VerifyChannel = []string{api.VerifyChannelNone} })
	preview := w.preview(flow)
	check := w.checkPath(w.send(w.flow(), func(r *api.SendFlowUrlRequest) { r.VerifyChannel = []string{api.VerifyChannelFace} }))
	shown := 0
	for _, route := range (&server{}).table() {
		method, pattern, _ := strings.Cut(route.Pattern, " ")
		base := map[string]string{"/s": sign, "/p": preview, "/f": check}[pattern[:2]]
		if base == "" {
			t.Fatalf("the test knows no link for %s", route.Pattern)
		}
		path := strings.NewReplacer(pattern[:2]+"/{token}", base, "{file}", "0", "{page}", "2.png", "{seal}", w.seal+".png", "{channel}", "FACEID").Replace(pattern)
		for _, m := range []string{method, http.MethodHead} {
			if m == http.MethodHead && method != http.MethodGet {
				continue
			}
			from, phone := w.engine.Evidence().Count(), "phone for "+m+" "+route.Pattern // another one each time, so that nothing is folded
			req, err := http.NewRequestWithContext(t.Context(), m, w.server.URL+path, strings.NewReader(""))
			must(t, err)
			req.Header.Set("User-Agent", phone)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			got := w.do(req)
			content := bytes.Contains(got.body, []byte("王小明")) || bytes.Contains(got.body, []byte("软件服务采购合同")) ||
				bytes.HasPrefix(got.body, []byte("%PDF")) || bytes.HasPrefix(got.body, []byte("\x89PNG"))
			if m == http.MethodHead {
				content = got.status == http.StatusOK && route.Reads != engine.ReadsNothing
			}
			if !content {
				continue
			}
			shown++
			all := w.evidence(from)
			if !slices.ContainsFunc(all, func(e audit.Event) bool {
				return w.tells(e, base, phone) && (m == http.MethodHead) == strings.Contains(e.DetailText, "HEAD")
			}) {
				t.Errorf("%s %s (%d) shows something and leaves %+v", m, route.Pattern, got.status, all)
			}
		}
	}
	if shown < 15 {
		t.Errorf("only %d answers showed something: the test looks for the wrong things", shown)
	}
}

// tells tells whether an event names reader, link, address, browser and object.
func (w *world) tells(e audit.Event, base, phone string) bool {
	link := engine.LinkName(base[strings.LastIndex(base, "/")+1:])
	reader := e.Actor.Role == "link" && e.Actor.Name == link || e.Actor.Role == "signer" && e.Actor.Name == w.user
	return reader && e.Actor.Session == link && e.Actor.IP == "127.0.0.1" && e.Actor.UserAgent == phone && e.ObjectID != "" && e.Outcome == audit.OK
}

// checkPath begins the face check of a signing page and gives its path.
func (w *world) checkPath(sign string) string {
	w.t.Helper()
	began := w.post(sign+"/check/"+api.VerifyChannelFace, nil)
	if began.status != http.StatusSeeOther {
		w.t.Fatalf("beginning a check gives %d", began.status)
	}
	return began.header.Get("Location")
}

func TestASignersReadingIsAHandfulOfEvents(t *testing.T) {
	w := newWorld(t)
	flow := w.flow()
	path := w.send(flow, nil)
	from, began := w.engine.Evidence().Count(), w.clock.Now()
	if got := w.get(path); got.status != http.StatusOK {
		t.Fatal(got.status)
	}
	for i := range 200 {
		if got := w.get(fmt.Sprintf("%s/files/0/%d.png", path, i%3+1)); got.status != http.StatusOK {
			t.Fatal(got.status)
		}
		if i == 150 {
			w.clock.pass(time.Minute)
		}
	}
	w.get(path + "/files/0")
	must(t, w.engine.Recover(t.Context())) // nothing was left by an engine before
	w.clock.pass(11 * time.Minute)
	w.get(path) // a reading of its own: the first one is over
	var all []audit.Event
	for end := time.Now().Add(10 * time.Second); len(all) < 4 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		all = w.evidence(from)
	}
	if len(all) != 4 || all[0].Action != "flow.read" || all[1].Action != "flow.download" || all[0].ObjectID != flow || all[0].Actor.Name != w.user {
		t.Fatalf("the evidence tells %+v", all)
	}
	whole := all[slices.IndexFunc(all, func(e audit.Event) bool { return strings.Contains(e.DetailText, "count") })]
	var detail struct {
		Count, Opening int64
		Pages          map[string]string
		From, To       time.Time
	}
	must(t, json.Unmarshal([]byte(whole.DetailText), &detail))
	if detail.Count != 201 || detail.Opening != all[0].Seq || detail.Pages["1"] != "1-3" || !detail.From.Equal(began) || !detail.To.Equal(began.Add(time.Minute)) {
		t.Errorf("the reading is told as %s", whole.DetailText)
	}
}

func TestRefusedLinksAreCounted(t *testing.T) {
	w := newWorld(t)
	path := w.send(w.flow(), nil)
	w.clock.pass(48 * time.Hour)
	from := w.engine.Evidence().Count()
	for i := range 25 {
		w.get(path)
		w.get(fmt.Sprint("/p/made-up-", i))
		w.get(fmt.Sprint("/d/made-up-", i))
	}
	counts := map[string]int{}
	for _, e := range w.evidence(from) {
		counts[e.ErrorCode]++
		if e.Action != "link.refused" || e.Outcome != audit.Denied || e.Actor.IP != "127.0.0.1" || (e.ObjectID != "") != (e.ErrorCode == "expired") {
			t.Errorf("told: %+v", e)
		}
	}
	if counts["expired"] != 1 || counts["unknown"] != 1 || len(w.evidence(from)) > 3 {
		t.Errorf("events by code: %v", counts)
	}
}
