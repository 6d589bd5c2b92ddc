package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

func TestUploadsThatCannotBeUsedAreNamedAndNotStored(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	whole := contract(t)
	encrypted, err := os.ReadFile("../pdf/testdata/encrypted.pdf")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		data []byte
		text string
	}{
		"图片.pdf": {[]byte("\x89PNG\r\n\x1a\n and so on"), "不是"},
		"加密.pdf": {encrypted, "密码"},
		"截断.pdf": {whole[:len(whole)-200], "损坏"},
		"太大.pdf": {append(append([]byte{}, whole...), make([]byte, maxPDF)...), "7 MB"},
		"空.pdf":  {nil, "空"},
	} {
		got := admin.postFiles("/files", nil, uploadFile{"Files", name, test.data}, uploadFile{"Files", "好的.pdf", whole})
		got.wantStatus(http.StatusUnprocessableEntity).wantText(".notice-danger li", name).wantText(".notice-danger li", test.text)
	}
	admin.postFiles("/files", nil).wantStatus(http.StatusUnprocessableEntity).wantProblem("Files")
	if files, _, err := p.db.Files(context.Background(), db.Everything(), db.FileFilter{}, db.Page{}); err != nil || len(files) != 0 {
		t.Errorf("stored %d files of refused uploads, %v", len(files), err)
	}
	admin.postFiles("/files", nil, uploadFile{"Files", `..\..\合同 "终稿".pdf`, whole}, uploadFile{"Files", "二.pdf", whole}).
		wantStatus(http.StatusOK).wantText("table", "合同 终稿.pdf").wantText(".flash, [role=status]", "2")
	files, _, err := p.db.Files(context.Background(), db.Everything(), db.FileFilter{}, db.Page{})
	if err != nil || len(files) != 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	path := "/files/" + files[0].ID
	page := admin.get(path).wantStatus(http.StatusOK)
	if n := page.find(".reader-page img").Length(); n != len(files[0].Pages) {
		t.Errorf("%d pictures of %d pages", n, len(files[0].Pages))
	}
	picture := admin.get(path + "/pages/1").wantStatus(http.StatusOK)
	if small := admin.get(path + "/pages/1.png?size=small").wantStatus(http.StatusOK); len(small.body) >= len(picture.body)/2 {
		t.Errorf("a thumbnail of %d bytes for a page of %d", len(small.body), len(picture.body))
	}
	admin.with("If-None-Match", picture.header.Get("ETag")).get(path + "/pages/1").wantStatus(http.StatusNotModified)
	admin.get(path + "/pages/99").wantStatus(http.StatusNotFound)
	if got := admin.get(path + "/download").wantStatus(http.StatusOK); got.body != string(whole) {
		t.Error("the download differs from the upload")
	}
	p.as(auth.Compliance).get(path).wantStatus(http.StatusForbidden)
}

func TestTheFormOfAContractKeepsWhatWasTyped(t *testing.T) {
	p := startPortal(t)
	a := p.side(0)
	admin := p.as(auth.Admin)
	admin.get("/drafts/new").wantStatus(http.StatusOK)
	form := draftForm(p, "  买卖合同 ", a)
	form.Set("Deadline", "2020-01-01T10:00")
	form.Set("OperatorId", "nobody")
	got := admin.postFiles("/drafts", form).wantStatus(http.StatusUnprocessableEntity).wantProblem("Deadline").wantProblem("OperatorId").wantProblem("Files")
	if value := got.find("#f-Name").AttrOr("value", ""); value != "买卖合同" {
		t.Errorf("the name is now %q", value)
	}
	if value := got.find("#f-OrganizationId option[selected]").AttrOr("value", ""); value != a.organization {
		t.Errorf("the organisation is now %q", value)
	}
	admin.postFiles("/drafts", url.Values{}).wantStatus(http.StatusUnprocessableEntity).wantProblem("Name").wantProblem("Deadline").wantProblem("OrganizationId")

	draft := admin.draft("买卖合同", a, a)
	admin.post(draft+"/people", url.Values{"UserId": {a.person}, "OrganizationId": {a.organization}, "Channel": {"NONE"}, "Step": {"1"}}).
		wantStatus(http.StatusUnprocessableEntity).wantProblem("UserId")
	admin.post(draft+"/people", url.Values{"UserId": {"nobody"}, "Channel": {"THIRD"}, "Step": {"0"}}).
		wantStatus(http.StatusUnprocessableEntity).wantProblem("UserId").wantProblem("Channel").wantProblem("Step")
	form = draftForm(p, "买卖合同（修订）", a)
	form.Set("stay", "1")
	admin.postFiles(draft, form, uploadFile{"Files", "附件.pdf", contract(t)}).wantStatus(http.StatusOK).wantText("h1", "买卖合同（修订）").wantText("form", "附件.pdf")
	// The components follow their files, and go with them.
	state := admin.builder(draft)
	on := db.Component{ID: "on", Type: db.SignSeal, Approver: state.Approvers[0].ID, FileIndex: 1, Page: 1, Width: 119, Height: 119}
	other := on
	other.ID, other.FileIndex = "other", 0
	admin.save(draft, state.revision, on, other).wantStatus(http.StatusOK)
	first, second := state.Files[0].ID, state.Files[1].ID
	admin.post(draft, url.Values{"up": {second}}).wantStatus(http.StatusOK)
	if now := admin.builder(draft); now.Files[0].ID != second || now.Components[0].FileIndex != 0 || now.Components[1].FileIndex != 1 {
		t.Errorf("moved up: %+v", now)
	}
	admin.post(draft, url.Values{"remove": {first}}).wantStatus(http.StatusOK)
	admin.still().post(draft, url.Values{"remove": {first}}).wantStatus(http.StatusNotFound)
	if state := admin.builder(draft); len(state.Files) != 1 || len(state.Components) != 1 || state.Components[0].ID != "on" {
		t.Errorf("%d files are left", len(state.Files))
	}
	admin.post(draft+"/delete", nil).wantStatus(http.StatusOK).wantPath("/drafts")
	admin.get(draft).wantStatus(http.StatusNotFound)
}

func TestTheBuilderSavesAndClamps(t *testing.T) {
	p := startPortal(t)
	a := p.side(0)
	admin := p.as(auth.Admin)
	draft := admin.draft("服务合同", a, a)
	state := admin.builder(draft)
	if len(state.Files) != 1 || len(state.Approvers) != 1 {
		t.Fatalf("the builder got %+v", state)
	}
	if picture := admin.get(state.Files[0].Pages[0].Image).wantStatus(http.StatusOK); picture.header.Get("Content-Type") != "image/png" {
		t.Errorf("a page is %s", picture.header.Get("Content-Type"))
	}
	on := db.Component{ID: "on", Type: db.SignSeal, Approver: state.Approvers[0].ID, Page: 1, X: 100, Y: 100, Width: 119, Height: 119, Required: true}
	off := on
	off.ID, off.X, off.Y = "off", 5000, -20
	var saved savedComponents
	got := admin.save(draft, state.revision, on, off).wantStatus(http.StatusOK)
	if err := json.Unmarshal([]byte(got.body), &saved); err != nil {
		t.Fatal(err)
	}
	if saved.Revision != state.revision+1 || len(saved.Clamped) != 1 || saved.Clamped[0] != "off" || saved.Components[1].Y != 0 || saved.Components[1].X > 480 || saved.Components[0] != on {
		t.Errorf("saved %+v", saved)
	}
	var stale conflict
	got = admin.save(draft, state.revision, on).wantStatus(http.StatusConflict)
	if err := json.Unmarshal([]byte(got.body), &stale); err != nil || stale.Revision != saved.Revision {
		t.Errorf("a stale save answers %q", got.body)
	}
	wrong := on
	wrong.ID, wrong.Page = "wrong", 99
	var answer refused
	got = admin.save(draft, saved.Revision, on, wrong).wantStatus(http.StatusUnprocessableEntity)
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil || len(answer.Errors) != 1 || answer.Errors[0].ID != "wrong" || answer.Errors[0].Message == "" {
		t.Errorf("a wrong page answers %q", got.body)
	}
	if now := admin.builder(draft); now.revision != saved.Revision || len(now.Components) != 2 {
		t.Errorf("a refused save changed the draft: %+v", now)
	}
	admin.send(http.MethodPut, draft+"/components", "application/json", strings.NewReader("{")).wantStatus(http.StatusBadRequest)
	admin.get(draft+"/preflight").wantStatus(http.StatusOK).wantText("*", "可以发送")
}

func TestComponentsCanBePlacedWithoutScripts(t *testing.T) {
	p := startPortal(t)
	a := p.side(0)
	admin := p.as(auth.Admin)
	draft := admin.draft("劳动合同", a, a)
	approver := admin.builder(draft).Approvers[0].ID
	form := url.Values{"Type": {"SIGN_SIGNATURE"}, "Approver": {approver}, "Page": {"0.2"}, "X": {"60.5"}, "Y": {"70"}, "Width": {"119"}, "Height": {"43"}}
	admin.post(draft+"/components", form).wantStatus(http.StatusOK)
	placed := admin.builder(draft).Components
	if len(placed) != 1 || placed[0].Page != 2 || placed[0].X != 60.5 {
		t.Fatalf("placed %+v", placed)
	}
	form.Set("X", "left")
	form.Set("Page", "")
	got := admin.post(draft+"/components", form).wantStatus(http.StatusUnprocessableEntity)
	if value := got.find("#f-Y").AttrOr("value", ""); value != "70" {
		t.Errorf("Y is now %q", value)
	}
	admin.post(draft+"/components/"+placed[0].ID+"/remove", nil).wantStatus(http.StatusOK)
	if left := admin.builder(draft).Components; len(left) != 0 {
		t.Errorf("left %+v", left)
	}
}

func TestUnverifiedPeopleAreToldBeforeSending(t *testing.T) {
	p := startPortal(t)
	a := p.side(0)
	admin := p.as(auth.Admin)
	stranger := side{person: p.person("赵强", "110101199003078515", false), personName: "赵强"}
	if err := p.db.AddUser(context.Background(), db.User{ID: stranger.person, Name: "赵强", IDCardType: "ID_CARD", Created: p.clock.now()}); err != nil {
		t.Fatal(err)
	}
	draft := admin.draft("承揽合同", a, stranger)
	admin.seals(draft)
	admin.get(draft+"/preflight").wantStatus(http.StatusOK).wantText("*", "赵强 尚未声明实名")
	admin.post(draft+"/send", nil).wantStatus(http.StatusUnprocessableEntity).wantText("main", "赵强 尚未声明实名")
	admin.get(draft).wantStatus(http.StatusOK)
}
