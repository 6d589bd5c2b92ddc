package handlers

import (
	"context"
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
	w.p.note("terminal", audit.Event{Action: "flow.signed", ObjectType: "flow", ObjectID: flow, Detail: map[string]any{"approver": "周婷"}})
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
	if strings.Contains(row, "192.0.2.7") || strings.Contains(row, "terminal") || strings.Contains(row, "业务人员") || !strings.HasPrefix(row, "周婷（签署人）,,,") {
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
