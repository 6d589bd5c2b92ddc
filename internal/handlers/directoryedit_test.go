package handlers

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
)

// picture is a PNG of these measures, without anything on it.
func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestANewNameCostsTheVerification(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	id := addOrganization(admin, "北京示例科技有限公司", "91110108MA01ABCD2X")
	seal := addSeal(admin, url.Values{"Owner": {"organization:" + id}, "SealType": {"CONTRACT"}})
	admin.post("/organizations/"+id+"/verify", nil).wantText(".badge", "已声明实名")

	form := admin.get("/organizations/" + id + "/edit").wantStatus(http.StatusOK)
	form.wantText(".hint", "改名后会变为未实名")
	if strings.Contains(form.body, "13800138000") || strings.Contains(form.body, "110101199003070000") {
		t.Error("the form shows personal numbers")
	}
	values := url.Values{}
	for _, input := range form.find("form[action='/organizations/" + id + "'] [name]").EachIter() {
		name, _ := input.Attr("name")
		value, _ := input.Attr("value")
		if selected := input.Find("option[selected]"); selected.Length() > 0 {
			value, _ = selected.Attr("value")
		}
		values.Set(name, value)
	}
	admin.post("/organizations/"+id, values).wantPath("/organizations/"+id).wantText("[data-flash], .flash, .toast, body", "没有改动")

	values.Set("ContactName", "周助理")
	admin.post("/organizations/"+id, values).wantPath("/organizations/"+id).wantText(".badge", "已声明实名").wantText(".facts", "周助理")

	values.Set("Name", "北京全新科技有限公司")
	asked := admin.post("/organizations/"+id, values).wantStatus(http.StatusUnprocessableEntity).wantProblem("Confirmed")
	asked.wantText(".notice-wait", "「北京示例科技有限公司」将改名为「北京全新科技有限公司」")
	admin.get("/organizations/"+id).wantText("h1", "北京示例科技有限公司").wantText(".badge", "已声明实名")

	values.Set("Confirmed", "on")
	done := admin.post("/organizations/"+id, values).wantStatus(http.StatusOK).wantPath("/organizations/" + id)
	done.wantText("h1", "北京全新科技有限公司").wantText(".badge", "未实名").wantText(".timeline", "平台：修改子机构资料")
	admin.get("/seals/"+seal).wantText(".facts", "北京全新科技有限公司")
	admin.get("/organizations?q="+url.QueryEscape("全新科技")).wantText("td a", "北京全新科技有限公司")
	admin.post("/organizations/"+id+"/verify", nil).wantText(".badge", "已声明实名")

	values.Set("Name", "")
	admin.post("/organizations/"+id, values).wantStatus(http.StatusUnprocessableEntity).wantProblem("Name")
}

func TestLicenseIsAPictureAndCostsTheVerification(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	id := addOrganization(admin, "北京示例科技有限公司", "91110108MA01ABCD2X")
	admin.post("/organizations/"+id+"/verify", nil).wantText(".badge", "已声明实名")
	path := "/organizations/" + id + "/license"
	sure := url.Values{"LicenseConfirmed": {"on"}}
	for name, data := range map[string][]byte{
		"照片.png": []byte("<html>"), "empty.png": {}, "cut.png": picture(t, 300, 200)[:60], "大.jpg": bytes.Repeat([]byte("x"), maxLicense+1),
	} {
		admin.postFiles(path, sure, uploadFile{"License", name, data}).wantStatus(http.StatusUnprocessableEntity).wantProblem("License")
	}
	admin.postFiles(path, sure).wantStatus(http.StatusUnprocessableEntity).wantProblem("License")
	license := uploadFile{"License", "执照.png", picture(t, 300, 200)}
	admin.postFiles(path, nil, license).wantStatus(http.StatusUnprocessableEntity).wantProblem("LicenseConfirmed")
	admin.get("/organizations/"+id).wantText(".badge", "已声明实名")
	admin.postFiles(path, sure, license).wantPath("/organizations/"+id).wantText(".badge", "未实名")
	events, err := p.db.Audit().Query(t.Context(), audit.Filter{Action: "platform.ModifySubOrganizationInfo"}, 0, 9)
	if err != nil || len(events) == 0 {
		t.Fatalf("no call was recorded: %v", err)
	}
}

func TestEditPerson(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	id := addPerson(admin, "李小龙", "")
	admin.post("/users/"+id+"/verify", nil).wantText(".badge", "已声明实名")
	admin.post("/users/"+id, url.Values{"Name": {"李小龙"}, "Mobile": {"13500001234"}}).wantPath("/users/"+id).wantText(".badge", "已声明实名").wantText(".facts", "135****1234")
	admin.post("/users/"+id, url.Values{"Name": {"李大龙"}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("Confirmed").wantText(".notice-wait", "取消此人的实名")
	admin.post("/users/"+id, url.Values{"Name": {"李大龙"}, "Confirmed": {"on"}}).wantText("h1", "李大龙").wantText(".badge", "未实名").wantText(".facts", "135****1234")
	if strings.Contains(p.logs.String(), "13500001234") {
		t.Error("a mobile is in the log")
	}
	events, err := p.db.Audit().Query(t.Context(), audit.Filter{ObjectType: "user", ObjectID: id}, 0, 50)
	if err != nil || len(events) < 4 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for _, e := range events {
		if strings.Contains(e.DetailText, "13500001234") {
			t.Errorf("a mobile is in the audit log: %s", e.DetailText)
		}
	}
}

func TestSealsAreRenamedAndDeleted(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	organization := addOrganization(admin, "北京示例科技有限公司", "91110108MA01ABCD2X")
	person := addPerson(admin, "李小龙", organization)
	first := addSeal(admin, url.Values{"Owner": {"organization:" + organization}, "SealType": {"CONTRACT"}})
	second := addSeal(admin, url.Values{"Owner": {"organization:" + organization}, "SealType": {"SPECIAL_FINANCIAL"}})

	admin.post("/seals/"+second, url.Values{"SealName": {"新财务章"}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("OperatorID")
	admin.post("/seals/"+second, url.Values{"SealName": {"新财务章"}, "OperatorID": {person}}).wantPath("/seals/"+second).wantText("h1", "新财务章")
	admin.get("/seals?q="+url.QueryEscape("新财务章")).wantText(".seal-card strong", "新财务章")
	if got := admin.get("/seals?default=1").find(".seal-card").Length(); got != 1 {
		t.Errorf("%d default seals, want 1", got)
	}

	admin.get("/seals/"+first).wantText(".hint", "默认印章不能删除")
	admin.post("/seals/"+first+"/delete", nil).wantStatus(http.StatusConflict).wantText("[data-error]", "默认印章不能删除")
	admin.post("/seals/"+second+"/default", nil).wantText(".badge", "默认")
	admin.post("/seals/"+first+"/delete", nil).wantPath("/seals").wantText("body", "已删除印章")
	admin.get("/seals/" + first).wantStatus(http.StatusNotFound)
	resp, err := api.DescribeSeals.Call(t.Context(), p.client, &api.DescribeSealsRequest{Caller: api.Caller{SubOrganizationId: organization}, SealIds: []string{first}})
	if err == nil && len(resp.Seals) > 0 {
		t.Error("the platform still has the seal")
	}
}

func TestAPersonsDefaultSealMoves(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	person := addPerson(admin, "李小龙", "")
	admin.post("/users/"+person+"/verify", nil)
	addSeal(admin, url.Values{"Owner": {"user:" + person}, "SealType": {"PERSONAL"}})
	second := addSeal(admin, url.Values{"Owner": {"user:" + person}, "SealType": {"PERSONAL"}, "Running": {"true"}})
	admin.post("/seals/"+second+"/default", nil).wantStatus(http.StatusOK).wantText("h1 ~ .badge, .badge-ok", "默认")
}

func TestFilesAreSearchedRenamedAndDeletedWhenUnused(t *testing.T) {
	p := startPortal(t)
	business := p.as(auth.Business)
	pdf := contract(t)
	business.postFiles("/files", url.Values{}, uploadFile{"Files", "采购合同.pdf", pdf}, uploadFile{"Files", "保密协议.pdf", pdf}).wantStatus(http.StatusOK)
	found := business.get("/files?q=" + url.QueryEscape("保密"))
	if found.find("td a").Length() != 1 {
		t.Fatalf("the search finds %q", found.find("td a").Text())
	}
	path, _ := found.find("td a").Attr("href")
	business.get(path).wantText(".hint", "还没有草稿或合同使用")
	business.post(path+"/name", url.Values{"Name": {" "}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("Name")
	business.post(path+"/name", url.Values{"Name": {"保密协议终稿"}}).wantPath(path).wantText("h1", "保密协议终稿.pdf")
	business.get("/files?q="+url.QueryEscape("终稿")).wantText("td a", "保密协议终稿.pdf")

	admin := p.as(auth.Admin)
	from := p.side(0)
	draft := admin.draft("采购", from)
	list := admin.get("/files?organization=" + from.organization)
	used, _ := list.find("td a").Attr("href")
	admin.get(used).wantText(".reader-side a", "采购").wantText(".reader-side", "不能删除")
	admin.post(used+"/delete", nil).wantStatus(http.StatusConflict).wantText("[data-error]", "不能删除")
	admin.post(draft+"/delete", nil).wantStatus(http.StatusOK)
	admin.post(used+"/delete", nil).wantPath("/files").wantText("body", "已删除文件")
	admin.get(used).wantStatus(http.StatusNotFound)
}

// TestEditingStaysWithinTheScope: an account that reaches one organisation can edit nothing of another, and does not learn that it is there.
func TestEditingStaysWithinTheScope(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	mine := addOrganization(admin, "北京示例科技有限公司", "91110108MA01ABCD2X")
	other := addOrganization(admin, "上海示例贸易有限公司", "91310000MA1FL0000X")
	stranger := addPerson(admin, "张伟", other)
	seal := addSeal(admin, url.Values{"Owner": {"organization:" + other}, "SealType": {"CONTRACT"}})
	admin.postFiles("/files", url.Values{"OrganizationId": {other}}, uploadFile{"Files", "合同.pdf", contract(t)}).wantStatus(http.StatusOK)
	file, _ := admin.get("/files").find("td a").Attr("href")
	bound := p.as(auth.Admin, mine)
	for _, path := range []string{"/organizations/" + other + "/edit", "/users/" + stranger + "/edit", "/seals/" + seal + "/edit", file} {
		if got := bound.get(path).wantStatus(http.StatusNotFound); strings.Contains(got.body, "上海示例贸易") {
			t.Errorf("%s tells the name", path)
		}
	}
	for _, path := range []string{"/organizations/" + other, "/organizations/" + other + "/license", "/users/" + stranger, "/seals/" + seal, "/seals/" + seal + "/delete",
		file + "/name", file + "/delete"} {
		bound.post(path, url.Values{"Name": {"甲"}, "SealName": {"甲"}}).wantStatus(http.StatusNotFound)
	}
}
