package handlers

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

func (v *visitor) places(draft string, form url.Values) (found []foundPlace) {
	v.p.t.Helper()
	got := v.post(draft+"/places", form).wantStatus(http.StatusOK)
	if err := json.Unmarshal([]byte(got.body), &found); err != nil {
		v.p.t.Fatal(err)
	}
	return found
}

func TestKeywordsAreFoundInTheFilesOfADraft(t *testing.T) {
	p := startPortal(t)
	a := p.side(0)
	admin := p.as(auth.Admin)
	draft := admin.draft("买卖合同", a, a)
	all := admin.places(draft, url.Values{"keyword": {" 2条 "}}) // of articles 2, 12, 22 …
	if len(all) != 6 || all[0].Page != 1 || all[0].Width <= 0 || all[0].Keyword != "2条" || all[1].Index != 1 || all[1].Y <= all[0].Y {
		t.Fatalf("found %+v", all)
	}
	if got := admin.places(draft, url.Values{"keyword": {"2条"}, "alone": {"true"}}); len(got) != 0 {
		t.Errorf("alone: %+v", got)
	}
	alone := admin.places(draft, url.Values{"keyword": {"第2条"}, "alone": {"true"}})
	if len(alone) != 1 || alone[0].Keyword != "^第2条^" || alone[0].Name != "第2条" || alone[0].Index != 0 {
		t.Errorf("alone: %+v", alone)
	}
	if got := admin.places(draft, url.Values{"keyword": {"没有这句话"}}); len(got) != 0 {
		t.Errorf("found %+v", got)
	}
	if got := admin.places(draft, nil); len(got) != 0 {
		t.Errorf("the contract has no form, found %+v", got)
	}
	admin.post(draft+"/places", url.Values{"keyword": {strings.Repeat("长", 101)}}).wantStatus(http.StatusBadRequest)
	p.as(auth.Business, "another").still().post(draft+"/places", url.Values{"keyword": {"甲方"}}).wantStatus(http.StatusNotFound)
}

func TestWorkOnAStaleDraftIsKeptAsACopy(t *testing.T) {
	p := startPortal(t)
	a := p.side(0)
	admin := p.as(auth.Admin)
	draft := admin.draft("买卖合同", a, a)
	state := admin.builder(draft)
	mine := db.Component{ID: "mine", Type: db.FillSelect, Approver: state.Approvers[0].ID, Page: 1, Width: 100, Height: 20, Value: "是", Extra: `{"Values":["是","否"]}`}
	gone := mine
	gone.ID, gone.Approver = "gone", "nobody"
	copyOf := func(v *visitor, files ...string) *reply {
		body, err := json.Marshal(map[string]any{"files": files, "components": []db.Component{mine, gone}})
		if err != nil {
			t.Fatal(err)
		}
		return v.send(http.MethodPost, draft+"/copy", "application/json", strings.NewReader(string(body)))
	}
	var answer copied
	if got := copyOf(admin, state.Files[0].ID).wantStatus(http.StatusCreated); json.Unmarshal([]byte(got.body), &answer) != nil || answer.URL == draft+"/builder" {
		t.Fatalf("copied to %q", got.body)
	}
	kept := admin.builder(strings.TrimSuffix(answer.URL, "/builder"))
	if len(kept.Components) != 1 || kept.Components[0] != mine || len(kept.Files) != 1 {
		t.Errorf("kept %+v", kept)
	}
	if now := admin.builder(draft); now.revision != state.revision || len(now.Components) != 0 {
		t.Errorf("the draft became %+v", now)
	}
	copyOf(admin.still(), "no-such-file").wantStatus(http.StatusNotFound)
	copyOf(p.as(auth.Business, "another").still(), state.Files[0].ID).wantStatus(http.StatusNotFound)
}

func TestThePreflightLeadsToWhatIsToBePutRight(t *testing.T) {
	p := startPortal(t)
	a := p.side(0)
	admin := p.as(auth.Admin)
	draft := admin.draft("买卖合同", a, a)
	state := admin.builder(draft)
	approver := state.Approvers[0].ID
	text := db.Component{ID: "text", Type: db.FillText, Approver: approver, Page: 1, Width: 100, Height: 20, Required: true}
	day := db.Component{ID: "day", Type: db.FillDate, Approver: approver, Page: 1, Y: 40, Width: 100, Height: 20, Required: true}
	admin.save(draft, state.revision, text, day).wantStatus(http.StatusOK)
	list := admin.get(draft + "/preflight").wantStatus(http.StatusOK)
	for _, at := range []string{"text", approver} {
		if list.find("a[href='"+draft+"/builder#"+at+"']").Length() != 1 {
			t.Errorf("no link to %s in %s", at, list.body)
		}
	}
	if strings.Contains(list.body, "#day") {
		t.Error("an empty date hinders, though it becomes the day of the signature")
	}
}
