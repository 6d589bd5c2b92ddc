package handlers

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// bulk uploads a table for a template.
func (v *visitor) bulk(template string, a side, table string) *reply {
	v.p.t.Helper()
	return v.postFiles(template+"/bulk", url.Values{"OperatorId": {a.person}}, uploadFile{"File", "表格.csv", []byte(table)})
}

// table reads a CSV file that the portal sent.
func (r *reply) table() [][]string {
	r.t.Helper()
	body, marked := strings.CutPrefix(r.body, "\ufeff")
	if !marked {
		r.t.Error("the file does not say that it is UTF-8")
	}
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		r.t.Fatal(err)
	}
	return rows
}

func TestATableBecomesContracts(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	template := admin.templateOf("采购合同", a, b)
	sample := admin.get(template + "/bulk/sample.csv").wantStatus(http.StatusOK).table()
	if want := "合同名称,签署截止时间,甲方签署人,甲方手机后四位,甲方机构,乙方签署人,乙方手机后四位,乙方机构,金额"; strings.Join(sample[0], ",") != want {
		t.Fatalf("the sample's heading is %q", sample[0])
	}
	// As Excel saves it in China, with the columns in another order and the rest of them left out.
	table := "乙方签署人;甲方签署人;金额;合同名称;签署截止时间\n"
	for i := range 3 {
		table += fmt.Sprintf("李娜;王小明;%d;=采购{金额};2099/1/2\n", i)
	}
	encoded, err := simplifiedchinese.GB18030.NewEncoder().String(table)
	if err != nil {
		t.Fatal(err)
	}
	batch := admin.bulk(template, a, encoded).wantStatus(http.StatusOK).wantText("#batch-state", "待确认").wantText("table", "=采购2")
	if flows, _, err := p.db.Flows(context.Background(), db.Everything(), db.FlowFilter{}, db.Page{}); err != nil || len(flows) != 0 {
		t.Fatalf("an unconfirmed batch made %d contracts, %v", len(flows), err)
	}
	live := admin.listen(batch.path + "/events")
	admin.post(batch.path+"/start", nil).wantStatus(http.StatusOK).wantPath(batch.path)
	live.wait(`data-state="done"`)
	flows, _, err := p.db.Flows(context.Background(), db.Everything(), db.FlowFilter{}, db.Page{})
	if err != nil || len(flows) != 3 {
		t.Fatalf("%d contracts, %v", len(flows), err)
	}
	if f := p.flow("/flows/" + flows[0].ID); f.CreatedBy != "admin" || f.Approvers[1].OrganizationID != b.organization || f.Document.Deadline.In(beijing()).Format("2006-01-02 15:04") != "2099-01-02 23:59" {
		t.Errorf("a contract is %+v", f)
	}
	admin.post(batch.path+"/start", nil).wantStatus(http.StatusConflict)
	result := admin.get(batch.path + "/result.csv").wantStatus(http.StatusOK).table()
	if len(result) != 4 || result[1][0] != "2" || result[1][1] != "'=采购0" || result[1][2] != "已发送" || result[3][4] == "" || result[3][5] == "" {
		t.Errorf("the result is %q", result)
	}
	admin.get("/bulk").wantStatus(http.StatusOK).wantText("table", "采购合同模板").wantText("table", "已完成")
}

func TestEveryErrorOfATableIsToldAndNothingIsKept(t *testing.T) {
	p := startPortal(t)
	a, b := p.side(0), p.side(1)
	ctx := context.Background()
	for i, u := range []db.User{{Name: "赵强"}, {Name: "孙丽", Mobile: "138****0001", Verified: p.clock.now()}, {Name: "孙丽", Mobile: "138****0002", Verified: p.clock.now()}} {
		u.ID = fmt.Sprint("u", i)
		if err := p.db.AddUser(ctx, u); err != nil {
			t.Fatal(err)
		}
	}
	admin := p.as(auth.Admin)
	template := admin.templateOf("采购合同", a, b)
	heading := "合同名称,签署截止时间,甲方签署人,甲方机构,乙方签署人,乙方手机后四位,乙方机构,金额\n"
	for row, want := range map[string][2]string{
		",,查无此人,,李娜,,,1":               {"甲方签署人", "没有找到此人"},
		",,赵强,,李娜,,,1":                 {"甲方签署人", "尚未声明实名"},
		",,王小明,,孙丽,,,1":                {"乙方签署人", "多人同名"},
		",,王小明,,孙丽,0003,,1":            {"乙方手机后四位", "后四位"},
		",,王小明,,孙丽,0002,,1":            {"乙方机构", "请填写代表哪个机构签署"},
		",,王小明,,孙丽,0002,无名公司,1":        {"乙方机构", "没有找到此机构"},
		",,王小明,,,,,1":                  {"乙方签署人", "请填写此项"},
		",,王小明,,李娜,,,":                 {"金额", "请填写此项"},
		",明天,王小明,,李娜,,,1":              {"签署截止时间", "格式填写"},
		",2020-01-01,王小明,,李娜,,,1":      {"签署截止时间", "将来"},
		",,王小明,,王小明,,,1":               {"乙方签署人", "不能重复"},
		",,王小明,,李娜,,,1\n,,王小明,,李娜,,,1": {"合同名称", "与第 2 行完全相同"},
	} {
		got := admin.bulk(template, a, heading+row+"\n").wantStatus(http.StatusUnprocessableEntity)
		cells := got.find("tbody tr").FilterFunction(func(_ int, s *goquery.Selection) bool { return s.Find("[data-label='行']").Length() > 0 })
		if text := strings.Join(strings.Fields(cells.Text()), " "); cells.Length() != 1 || !strings.Contains(text, want[0]) || !strings.Contains(text, want[1]) {
			t.Errorf("%q is told as %q", row, text)
		}
	}
	for table, want := range map[string]string{
		"":                           "请选择文件",
		"合同名称\n":                     "表格是空的",
		heading + "\"a\n":            "引号",
		"金额,金额\n1,2\n":               "重复",
		"\xff\x00":                   "无法识别",
		strings.Repeat("a", 1<<20+1): "1 MB",
		heading + strings.Repeat(",,王小明,,李娜,,,1\n", 1001): "1000",
	} {
		got := admin.bulk(template, a, table).wantStatus(http.StatusUnprocessableEntity)
		if text := got.find("#f-File-problem").Text(); !strings.Contains(text, want) {
			t.Errorf("a table of %d bytes is told as %q, want %q", len(table), text, want)
		}
	}
	admin.bulk(template, a, "甲方签署人,备注\n王小明,x\n").wantStatus(http.StatusUnprocessableEntity).
		wantText("table", "没有这一列").wantText("table", "备注").wantText("table", "乙方签署人")
	admin.bulk(template, side{person: "nobody"}, heading+",,王小明,,李娜,,,1\n").wantStatus(http.StatusUnprocessableEntity).wantProblem("OperatorId")
	if all, _, err := p.db.Batches(ctx, db.Everything(), db.Page{}); err != nil || len(all) != 0 {
		t.Errorf("%d batches are kept, %v", len(all), err)
	}
	if err := p.db.AssignUser(ctx, db.Everything(), "u2", b.organization); err != nil {
		t.Fatal(err)
	}
	// One of two of the same name, by the end of the mobile and by the id.
	for _, who := range []string{"孙丽,2", "u2,"} {
		admin.bulk(template, a, heading+",,王小明,,"+who+","+b.organizationName+",1\n").wantStatus(http.StatusOK).wantText("#batch-state", "待确认")
	}
	all, _, err := p.db.Batches(ctx, db.Everything(), db.Page{})
	if err != nil || len(all) != 2 {
		t.Fatalf("%d batches, %v", len(all), err)
	}
	rows, err := p.db.BatchRows(ctx, all[0].ID, "", 0, 10)
	if err != nil || rows[0].Use.People[1].UserID != "u2" {
		t.Errorf("the row means %+v, %v", rows, err)
	}
	// Discarded, nothing is left of a batch.
	admin.post("/bulk/"+all[0].ID+"/cancel", nil).wantStatus(http.StatusOK).wantPath("/bulk")
	admin.get("/bulk/" + all[0].ID).wantStatus(http.StatusNotFound)
}

func TestBatchesOfOtherOrganisationsDoNotExist(t *testing.T) {
	p := startPortal(t)
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	template := admin.templateOf("采购合同", a, b)
	batch := admin.bulk(template, a, "甲方签署人,乙方签署人,金额\n王小明,李娜,1\n").wantStatus(http.StatusOK).path
	stranger := p.as(auth.Business, b.organization)
	for _, path := range []string{batch, batch + "/events", batch + "/result.csv", template + "/bulk", template + "/bulk/sample.csv"} {
		if got := stranger.get(path).wantStatus(http.StatusNotFound); strings.Contains(got.body, "采购合同") {
			t.Errorf("%s leaks", path)
		}
	}
	for _, action := range []string{"start", "pause", "cancel", "retry"} {
		stranger.post(batch+"/"+action, nil).wantStatus(http.StatusNotFound)
	}
	stranger.postFiles(template+"/bulk", nil).wantStatus(http.StatusNotFound)
	stranger.get("/bulk").wantStatus(http.StatusOK).wantText(".empty", "还没有批量发送")
	admin.get(batch).wantStatus(http.StatusOK).wantText("#batch-state", "待确认")
}
