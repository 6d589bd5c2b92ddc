package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"

	"github.com/PuerkitoBio/goquery"
)

// blemishes are what a page shows that lacks a text: a key, an argument that was not given, Go's own marks.
var blemishes = regexp.MustCompile(`%!|\{\{|<no value>|\b(audit|evidence|common|errors|validation|flows|seals)\.[a-z_]+(\.[a-zA-Z_]+)*\b`)

// Each event that either log can hold is a page in words, in both languages: no code of an action, an outcome or an error, no missing text, no
// empty cell. What was hashed stands below, in the proof, as it is.
func TestEveryEventIsAPageInWords(t *testing.T) {
	actions, _ := recorded(t)
	engineActions, _ := evidenceRecorded(t)
	codes := []string{"", refusedCrossOrigin, refusedPassword, refusedCode, refusedToken, refusedUnsigned, refusedSession, refusedFirst, refusedFactor, "command", "internal",
		"bad_request", "unknown_account", "disabled", "oidc_state", "AuthFailure", "FailedOperation.SealDuplicated"}
	for _, code := range refusedCodes {
		codes = append(codes, code)
	}
	count := 0
	for _, lang := range i18n.Languages() {
		ctx := i18n.WithLanguage(context.Background(), lang)
		for i, action := range slices.Concat(actions, engineActions) {
			evidence := i >= len(actions)
			for j, outcome := range audit.Outcomes() {
				e := audit.Event{Seq: 7, Time: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), Action: action, ObjectType: "flow", ObjectID: "flow_0123456789", Outcome: outcome,
					Actor: audit.Actor{Name: audit.ActorTerminal, Role: audit.RoleOperator, UserAgent: "li (uid 1000) @ desk"}, ErrorCode: codes[(i+j)%len(codes)],
					Detail: map[string]any{"count": json.Number("3"), "name": "采购合同", "before": map[string]any{"role": "admin"}, "after": map[string]any{"role": "business", "disabled": true}}}
				page := auditEvent(ctx, &e)
				page.Line = auditNames{}.line(ctx, &audit.Line{Event: e})
				if evidence {
					page = evidenceEvent(ctx, &e)
				}
				var out strings.Builder
				if err := templates.AuditEventPage(page).Render(ctx, &out); err != nil {
					t.Fatal(err)
				}
				doc, err := goquery.NewDocumentFromReader(strings.NewReader(out.String()))
				if err != nil {
					t.Fatal(err)
				}
				count++
				text := doc.Text()
				if found := blemishes.FindString(text); found != "" {
					t.Errorf("%s: the page of %s (%s) shows %q", lang, action, outcome, found)
				}
				if _, name, call := strings.Cut(action, callAction); (!call || name == "") && strings.Contains(text, action) {
					t.Errorf("%s: the page of %s shows its code", lang, action)
				}
				if e.ErrorCode != "" && regexp.MustCompile(`(^|[^\w.])`+regexp.QuoteMeta(e.ErrorCode)+`($|[^\w.])`).MatchString(text) && !strings.Contains("disabled refused forbidden invalid command internal", e.ErrorCode) {
					t.Errorf("%s: the page of %s shows the code %s", lang, action, e.ErrorCode)
				}
				doc.Find("td, dd, .act-who, .act-said").Each(func(_ int, cell *goquery.Selection) {
					if strings.TrimSpace(cell.Text()) == "" && !strings.Contains(cell.AttrOr("data-label", ""), i18n.T(ctx, "audit.detail.before")) {
						t.Errorf("%s: the page of %s has an empty cell %s", lang, action, cell.AttrOr("class", cell.AttrOr("data-label", "")))
					}
				})
				if want := map[bool]string{false: "/audit/7", true: "/evidence/7"}[evidence]; doc.Find(".act-open").AttrOr("href", "") != want {
					t.Errorf("%s: the page of %s leads to %s", lang, action, doc.Find(".act-open").AttrOr("href", ""))
				}
			}
		}
	}
	if count < 1000 {
		t.Errorf("only %d pages were drawn", count)
	}
}

// What the portal fetches of the engine for an account is told as that, under the account's name and address, and not as some link's holder.
func TestThePortalsOwnFetchesNameTheAccount(t *testing.T) {
	w, _ := newForeignWorld(t)
	w.p.addAccount("wang", auth.Compliance)
	v := w.p.reader("wang")
	log := w.p.engine.Evidence()
	before := log.Count()
	v.get("/flows/" + w.flow() + "/files/0/download").wantStatus(http.StatusOK)
	all, err := log.Query(context.Background(), audit.Filter{Action: "flow.download"}, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(e audit.Event) bool { return e.Seq < before })
	if len(all) == 0 {
		t.Fatal("the engine's evidence has no download")
	}
	for _, e := range all {
		if e.Actor.Name != "wang" || e.Actor.Role != audit.RoleFetch || e.Actor.IP == "" {
			t.Errorf("the portal's fetch is told as %+v", e.Actor)
		}
		row := evidenceRow(i18n.WithLanguage(context.Background(), i18n.Chinese), &e)
		if row.Actor != "wang" || row.Role != "门户代账号读取" {
			t.Errorf("it is shown as %s, %s", row.Actor, row.Role)
		}
	}
}
