package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

func testBirthday() time.Time { return time.Date(1990, 3, 7, 0, 0, 0, 0, time.UTC) }

// TestIdentityChecksSpeakInWords asks for people of the register that docs/identity-tests.md lists.
func TestIdentityChecksSpeakInWords(t *testing.T) {
	p := startPortal(t)
	business := p.as(auth.Business)
	const card, bank = "110101190001010014", "6200000000000000018"
	for _, c := range []struct {
		tool, want, action string
		form               url.Values
	}{
		{templates.IdentityIDCard, "姓名与身份证号码相符", "CheckIdCardVerification 返回码 0", url.Values{"Name": {"林一帆"}, "IdCardNumber": {card}}},
		{templates.IdentityIDCard, "姓名与身份证号码不符", "返回码 1", url.Values{"Name": {"林一帆"}, "IdCardNumber": {"110101190001010022"}}},
		{templates.IdentityIDCard, "身份证号码有误", "返回码 101", url.Values{"Name": {"林一帆"}, "IdCardNumber": {"110101190001010015"}}},
		{templates.IdentityIDCard, "库中没有", "返回码 104", url.Values{"Name": {"林一帆"}, "IdCardNumber": {"11010519491231002X"}}},
		{templates.IdentityMobile, "由此人实名办理", "CheckMobileAndName 返回码 0", url.Values{"Name": {"林一帆"}, "Mobile": {"13490000001"}}},
		{templates.IdentityMobile, "由此人实名办理", "CheckMobileVerification 返回码 0", url.Values{"Name": {"林一帆"}, "Mobile": {"13490000001"}, "IdCardNumber": {card}}},
		{templates.IdentityMobile, "手机号没有实名", "返回码 1", url.Values{"Name": {"林一帆"}, "Mobile": {"13490000003"}}},
		{templates.IdentityBankCard, "为此人所有", "CheckBankCard2EVerification", url.Values{"Name": {"林一帆"}, "BankCard": {bank}}},
		{templates.IdentityBankCard, "为此人所有", "CheckBankCard3EVerification", url.Values{"Name": {"林一帆"}, "BankCard": {bank}, "IdCardNumber": {card}}},
		{templates.IdentityBankCard, "为此人所有", "CheckBankCardVerification", url.Values{"Name": {"林一帆"}, "BankCard": {bank}, "Mobile": {"13490000001"}}},
		{templates.IdentityBankCard, "为此人所有", "CheckBankCard4EVerification", url.Values{"Name": {"林一帆"}, "BankCard": {bank}, "IdCardNumber": {card}, "Mobile": {"13490000001"}}},
		{templates.IdentityBankCard, "已挂失", "返回码 9", url.Values{"Name": {"试寅"}, "BankCard": {"6200000000000000232"}}},
	} {
		got := business.post("/identity/"+c.tool, c.form).wantStatus(http.StatusOK)
		got.wantText(".notice", c.want).wantText(".notice", c.action)
	}
	business.post("/identity/"+templates.IdentityIDCard, nil).wantStatus(http.StatusUnprocessableEntity).wantProblem("Name").wantProblem("IdCardNumber")
	business.post("/identity/"+templates.IdentityIDCard, url.Values{"Name": {"试乙"}, "IdCardNumber": {"110101190001010129"}}).
		wantStatus(http.StatusUnprocessableEntity).wantText(".notice-danger", "没有应答")

	events, err := p.db.Audit().Query(t.Context(), audit.Filter{ObjectType: "identity"}, 0, 100)
	if err != nil || len(events) < 20 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for _, e := range events {
		for _, personal := range []string{card, bank, "13490000001", "林一帆"} {
			if strings.Contains(e.DetailText, personal) {
				t.Errorf("%s keeps %s: %s", e.Action, personal, e.DetailText)
			}
		}
	}
	for _, personal := range []string{card, bank, "13490000001", "林一帆"} {
		if strings.Contains(p.logs.String(), personal) {
			t.Errorf("the log has %s", personal)
		}
	}
}

func TestFacesAreLinkedAndTheirRecordsAreForAdministrators(t *testing.T) {
	p := startPortal(t)
	admin, business := p.as(auth.Admin), p.as(auth.Business)
	organization := addOrganization(admin, "北京示例科技有限公司", "91110108MA01ABCD2X")
	stranger := addPerson(admin, "李小龙", organization)

	business.post("/identity/face-link", nil).wantStatus(http.StatusUnprocessableEntity).wantProblem("Name").wantProblem("IdCardNumber")
	business.post("/identity/face-link", url.Values{"Name": {"林一帆"}, "IdCardNumber": {"110101190001010014"}, "JumpUrl": {"javascript:alert(1)"}}).
		wantStatus(http.StatusUnprocessableEntity).wantProblem("JumpUrl")
	link := business.post("/identity/face-link", url.Values{"Name": {"林一帆"}, "IdCardNumber": {"110101190001010014"}}).wantStatus(http.StatusOK)
	if link.find("svg.qr path").Length() != 1 || !strings.HasPrefix(link.find("input[readonly]").AttrOr("value", ""), "http://engine.test/") {
		t.Error("there is no link with its code")
	}
	business.post("/identity/face-check", url.Values{"VerifyChannel": {"FACEID"}, "VerifyResult": {"IDASEAL0:none"}, "Name": {"林一帆"}, "IdCardNumber": {"110101190001010014"}}).
		wantStatus(http.StatusUnprocessableEntity)

	admin.get("/identity/faces").wantStatus(http.StatusOK)
	admin.post("/identity/faces", url.Values{"WbAppId": {"IDASEAL0"}, "OrderNumbers": {"a\nb\nc\nd"}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("OrderNumbers")
	business.get("/identity/faces").wantStatus(http.StatusForbidden)
	business.get("/identity/palms").wantStatus(http.StatusNotFound)
	business.post("/identity/faces", url.Values{"WbAppId": {"IDASEAL0"}, "OrderNumbers": {"a"}}).wantStatus(http.StatusForbidden)
	p.as(auth.Compliance).get("/identity").wantStatus(http.StatusForbidden)

	bound := p.as(auth.Business, "another")
	if strings.Contains(bound.get("/identity/face-link").body, "李小龙") {
		t.Error("people of another organisation are offered")
	}
	bound.post("/identity/face-link", url.Values{"UserID": {stranger}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("UserID")
}

func TestCatalogs(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	a, b := p.side(0), p.side(1)
	p.background()
	draft := admin.draft("采购合同", a, b)
	admin.seals(draft)
	path := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("it is sent", func() bool { return p.flow(path).State == db.FlowSigning })
	flow := p.flow(path)
	catalog, err := p.engine.CreateCatalog(t.Context(), "采购合同组", []string{flow.PlatformID})
	if err != nil {
		t.Fatal(err)
	}
	admin.get("/catalogs").wantText(".empty", "控制台")
	admin.post("/catalogs", url.Values{"Name": {"甲"}, "CatalogId": {"nothing"}}).wantStatus(http.StatusUnprocessableEntity)
	form := url.Values{"Name": {"采购合同组"}, "CatalogId": {catalog.ID}, "OrganizationId": {a.organization}}
	page := admin.post("/catalogs", form).wantStatus(http.StatusOK).wantPath("/catalogs/" + catalog.ID)
	page.wantText("h2 a", flow.Name).wantText("td", "待签署")
	admin.post("/catalogs", form).wantStatus(http.StatusUnprocessableEntity).wantProblem("CatalogId")

	approver := b.person + ":" + b.organization
	admin.get("/catalogs/"+catalog.ID+"?approver="+url.QueryEscape(approver)).wantStatus(http.StatusOK).wantText("td", "印章").wantText("td", "文件 1 第")
	link := admin.post("/catalogs/"+catalog.ID+"/link", url.Values{"approver": {approver}}).wantStatus(http.StatusOK)
	if link.find("svg.qr").Length() != 1 {
		t.Error("no code of the link")
	}
	admin.post("/catalogs/"+catalog.ID+"/link", url.Values{"approver": {"nobody:"}}).wantStatus(http.StatusNotFound)
	admin.post("/catalogs/"+catalog.ID+"/preview-link", nil).wantStatus(http.StatusOK).wantText("h1", "预览链接")

	mine, other := p.as(auth.Business, a.organization), p.as(auth.Business, b.organization)
	mine.get("/catalogs/" + catalog.ID).wantStatus(http.StatusOK)
	other.get("/catalogs/" + catalog.ID).wantStatus(http.StatusNotFound)
	for _, action := range []string{"/link", "/preview-link"} {
		other.post("/catalogs/"+catalog.ID+action, url.Values{"approver": {approver}}).wantStatus(http.StatusNotFound)
	}
	mine.post("/catalogs/"+catalog.ID+"/remove", nil).wantStatus(http.StatusForbidden)
	admin.post("/catalogs/"+catalog.ID+"/remove", nil).wantPath("/catalogs").wantText(".empty", "还没有")
	if _, err := p.db.Catalog(t.Context(), db.Everything(), catalog.ID); err == nil {
		t.Error("the catalog is still there")
	}
}
