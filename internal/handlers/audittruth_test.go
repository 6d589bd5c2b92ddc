package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
)

// acts are the lines of a page of the audit log, newest first, as who and what with single spaces.
func (p *portal) acts(v *visitor, path string) (lines []string) {
	p.t.Helper()
	page := v.get(path).wantStatus(http.StatusOK)
	page.find(".act").Each(func(_ int, act *goquery.Selection) {
		lines = append(lines, strings.Join(strings.Fields(act.Find(".act-who").Text()+" | "+act.Find(".act-said").Text()+" | "+act.Find(".act-from").Text()), " "))
	})
	return lines
}

// TestWhoActedKeepsTheNameOfThatTime: a new display name is that of later acts alone, and the log-in name stands beside every one, also in the
// table to read and where accounts and people are what an event is about.
func TestWhoActedKeepsTheNameOfThatTime(t *testing.T) {
	p := startPortal(t)
	ctx := context.Background()
	v := p.as(auth.Compliance)
	name := func(display string) {
		t.Helper()
		a, err := p.db.AccountByName(ctx, "wang")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.db.ChangeAccount(ctx, a.ID, db.AccountChange{DisplayName: &display}); err != nil {
			t.Fatal(err)
		}
	}
	p.addAccount("wang", auth.Business)
	name("王小明")
	p.note("wang", audit.Event{Action: "flow.withdrawn", ObjectType: "flow", ObjectID: "f1"})
	a, err := p.db.AccountByName(ctx, "wang")
	if err != nil {
		t.Fatal(err)
	}
	p.note("compliance", audit.Event{Action: "account.password", ObjectType: "account", ObjectID: a.ID})
	name("李总")
	p.note("wang", audit.Event{Action: "flow.withdrawn", ObjectType: "flow", ObjectID: "f2"})
	got := p.acts(v, "/audit?action=flow.withdrawn")
	if len(got) != 2 || !strings.HasPrefix(got[0], "李总wang |") && !strings.HasPrefix(got[0], "李总 wang |") || !strings.HasPrefix(got[1], "王小明 wang |") {
		t.Errorf("%q", got)
	}
	if got := p.acts(v, "/audit?action=account.password"); len(got) != 1 || !strings.Contains(got[0], "王小明") || strings.Contains(got[0], "李总") {
		t.Errorf("the account of then: %q", got)
	}
	table := v.get("/audit/export?format=table&action=flow.withdrawn").wantStatus(http.StatusOK).body
	if !strings.Contains(table, "王小明,wang") || !strings.Contains(table, "李总,wang") {
		t.Errorf("the table: %s", table)
	}
}

// TestDownloadsNameContractAndFile: the contract is called by its own name, and the file that left stands beside it.
func TestDownloadsNameContractAndFile(t *testing.T) {
	w, _ := newForeignWorld(t)
	flow := w.flow()
	v := w.p.as(auth.Admin)
	v.get("/flows/" + flow + "/files/0/download").wantStatus(http.StatusOK)
	f, err := w.p.db.Flow(context.Background(), db.Everything(), flow)
	if err != nil {
		t.Fatal(err)
	}
	file := detailText(&[]audit.Event{w.p.lastEvent("contract.download")}[0], "file")
	got := w.p.acts(v, "/audit?action=contract.download")
	if want := "下载了合同《" + f.Name + "》的文件《" + file + "》"; len(got) != 1 || file == "" || !strings.Contains(got[0], want) {
		t.Errorf("%q does not say %s", got, want)
	}
}

// TestASignersRowHasNoAddressOfOthers: the address, the account and the browser that an event of a signer has are those of who recorded it.
func TestASignersRowHasNoAddressOfOthers(t *testing.T) {
	w, _ := newForeignWorld(t)
	flow := w.flow()
	v := w.p.as(auth.Compliance)
	w.p.note("wang", audit.Event{Action: "flow.signed", ObjectType: "flow", ObjectID: flow, Detail: map[string]any{"approver": "周婷"}})
	page := v.get("/audit?action=flow.signed").wantStatus(http.StatusOK)
	line := page.find(".act").First()
	if strings.Contains(line.Text(), "192.0.2.7") {
		t.Errorf("the address of who recorded it: %s", line.Text())
	}
	href, _ := line.Find(".act-from a").Attr("href")
	if href != "/evidence?action=flow.sign&object="+flow {
		t.Errorf("the evidence is at %q", href)
	}
	v.get(href).wantStatus(http.StatusOK)
	table := v.get("/audit/export?format=table&action=flow.signed").wantStatus(http.StatusOK).body
	row := table[strings.Index(table, "周婷"):]
	if strings.Contains(row, "192.0.2.7") || strings.Contains(row, "业务人员") || !strings.HasPrefix(row, "周婷（签署人）,,,wang,") {
		t.Errorf("the table: %s", row)
	}
	open, _ := line.Find(".act-open").Attr("href")
	ctx := i18n.WithLanguage(context.Background(), i18n.Chinese)
	v.get(open).wantStatus(http.StatusOK).wantText("dl.facts", i18n.T(ctx, "audit.ip.recorder"))
	w.p.server.evidence = nil
	if got := w.p.acts(v, "/audit?action=flow.signed"); !strings.HasSuffix(got[0], "| —") {
		t.Errorf("without the embedded engine: %q", got)
	}
}

// TestASealsHistoryIsWhole: rights and states of a seal stand in its history and among the rights, each said by itself; what has no bound has
// none; and the seal that lost the default has it in its history.
func TestASealsHistoryIsWhole(t *testing.T) {
	w, _ := newForeignWorld(t)
	ctx := context.Background()
	seal, everything := w.seal(), db.Everything()
	one, err := w.p.db.Seal(ctx, everything, seal)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		w.p.db.GrantKeeper(ctx, everything, seal, db.Keeper{UserID: w.person()}),
		w.p.db.SetSealState(ctx, everything, seal, db.SealDisabled, "遗失"),
		w.p.db.SetSealState(ctx, everything, seal, db.SealActive, "找到"),
		w.p.db.WithdrawKeeper(ctx, everything, seal, w.person()),
		w.p.db.AddSeal(ctx, db.Seal{ID: "seal_other", OrganizationID: one.OrganizationID, UserID: one.UserID, Name: "乙章", Kind: one.Kind, Source: one.Source, Default: true}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	v := w.p.as(auth.Compliance)
	for _, path := range []string{"/audit?did=seal&object=" + seal, "/audit?did=right&object=" + seal} {
		all := strings.Join(w.p.acts(v, path), "\n")
		for _, want := range []string{"停用了印章", "（可以使用 → 已停用）：“遗失”", "恢复了印章", "（已停用 → 可以使用）：“找到”", "授权", "收回了"} {
			if !strings.Contains(all, want) {
				t.Errorf("%s does not tell %q: %s", path, want, all)
			}
		}
	}
	if all := strings.Join(w.p.acts(v, "/audit?did=seal&object="+seal), "\n"); !strings.Contains(all, "乙章") {
		t.Errorf("the seal lost the default, and its history does not say so: %s", all)
	}
	if grant := w.p.lastEvent("seal.grant"); strings.Contains(grant.DetailText, "0001") {
		t.Errorf("no bound is no bound: %s", grant.DetailText)
	}
	older := w.p.note("admin", audit.Event{Action: "seal.grant", ObjectType: "seal", ObjectID: seal, Detail: map[string]any{"from": noTime}})
	if page := v.get("/audit/" + eventNumber(older)).wantStatus(http.StatusOK); strings.Contains(page.find("main table").Text(), "0001-01-01") {
		t.Error("a bound of the year 1 is shown")
	}
}

// TestAccountsChangeOnlyWhereSomethingDoes: saving a form as it is leaves no event; and what a policy changed is told in words.
func TestAccountsChangeOnlyWhereSomethingDoes(t *testing.T) {
	p := startPortal(t)
	ctx := context.Background()
	p.addAccount("wang", auth.Business)
	a, err := p.db.AccountByName(ctx, "wang")
	if err != nil {
		t.Fatal(err)
	}
	before := p.db.Audit().Count()
	if _, err := p.db.ChangeAccount(ctx, a.ID, db.AccountChange{DisplayName: &a.DisplayName, Role: &a.Role, Scope: &a.Scope}); err != nil {
		t.Fatal(err)
	}
	if now := p.db.Audit().Count(); now != before {
		t.Errorf("nothing changed, and %d events were written", now-before)
	}
	policy := p.db.Policy()
	policy.LinkOnly = !policy.LinkOnly
	if err := p.db.SetPolicy(ctx, policy); err != nil {
		t.Fatal(err)
	}
	if got := p.acts(p.as(auth.Compliance), "/audit?action=settings.policy"); len(got) == 0 || !strings.Contains(got[0], "外部签署人可仅凭链接签署：是 → 否") {
		t.Errorf("%q", got)
	}
	var detail struct{ After map[string]string }
	if err := json.Unmarshal([]byte(p.lastEvent("settings.policy").DetailText), &detail); err != nil || len(detail.After) == 0 {
		t.Fatal(err)
	}
	for _, lang := range i18n.Languages() {
		for field := range detail.After {
			if !i18n.Has(i18n.WithLanguage(ctx, lang), "audit.field."+field) {
				t.Errorf("%s: no words for the policy %s", lang, field)
			}
		}
	}
}
