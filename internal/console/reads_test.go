package console

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/audit"
)

// Codes, requests and the register stand in the console: whoever is shown a page of it is in the evidence.
func TestWhateverTheConsoleShowsIsInTheEvidence(t *testing.T) {
	d := newDesk(t)
	d.logIn()
	shown := 0
	for pattern := range (&server{}).pages() {
		method, path, _ := strings.Cut(strings.TrimSuffix(pattern, "{$}"), " ")
		if strings.HasSuffix(path, "/logout") {
			continue
		}
		path = strings.NewReplacer("{id}", "none", "{seq}", "1").Replace(path)
		got := d.send(method, path, "application/x-www-form-urlencoded", "")
		if got.status != http.StatusOK && got.status != http.StatusUnprocessableEntity || got.path != path {
			continue // nothing there, or led on
		}
		shown++
		all, err := d.engine.Evidence().Query(t.Context(), audit.Filter{Action: "console.read"}, 0, 100)
		must(t, err)
		if !slices.ContainsFunc(all, func(e audit.Event) bool {
			return "/console/"+e.ObjectID == path && e.Actor.IP == "127.0.0.1" && e.Actor.Session != ""
		}) {
			t.Errorf("%s was shown and left %+v", pattern, all)
		}
	}
	if shown < 10 {
		t.Errorf("only %d pages were shown", shown)
	}
}

// Whoever tries addresses of the console that are none is in the evidence, a flood of them in few events.
func TestTriesAtTheConsoleAreInTheEvidence(t *testing.T) {
	d := newDesk(t)
	for range 30 {
		if got := d.send(http.MethodPost, Prefix+"login", "application/x-www-form-urlencoded", "token=made-up"); got.status != http.StatusUnprocessableEntity {
			t.Fatalf("a made-up token: %d", got.status)
		}
	}
	all, err := d.engine.Evidence().Query(t.Context(), audit.Filter{Action: "console.refused"}, 0, 100)
	must(t, err)
	if len(all) != 1 || all[0].Outcome != audit.Denied || all[0].Actor.IP != "127.0.0.1" || all[0].Actor.Name != "" {
		t.Errorf("told as %+v", all)
	}
}
