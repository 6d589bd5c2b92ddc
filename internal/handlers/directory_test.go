package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

// organizationForm is a complete registration.
func organizationForm(name, number string) url.Values {
	return url.Values{
		"Name": {name}, "OrganizationType": {"ENTERPRISE"}, "IdCardType": {"USCC"}, "IdCardNumber": {number}, "LegalName": {"王小明"},
		"LegalIdCardType": {"ID_CARD"}, "LegalIdCardNumber": {"110101199003070000"}, "LegalMobile": {"13800138000"},
	}
}

// addOrganization registers an organisation through the browser and gives its id.
func addOrganization(v *visitor, name, number string) string {
	v.p.t.Helper()
	got := v.post("/organizations", organizationForm(name, number))
	got.wantStatus(http.StatusOK)
	got.wantText("h1", name)
	return strings.TrimPrefix(got.path, "/organizations/")
}

// addPerson registers a person through the browser and gives their id.
func addPerson(v *visitor, name, organization string) string {
	v.p.t.Helper()
	got := v.post("/users", url.Values{"Name": {name}, "IdCardType": {"ID_CARD"}, "IdCardNumber": {"110101199003070000"}, "Mobile": {"13912345678"},
		"OrganizationID": {organization}})
	got.wantStatus(http.StatusOK)
	got.wantText("h1", name)
	return strings.TrimPrefix(got.path, "/users/")
}

func TestRegisterOrganization(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	empty := admin.get("/organizations")
	empty.wantText(".empty h2", "还没有子机构")

	bad := organizationForm("北京示例科技有限公司", "")
	bad.Set("ContactAddress.City", "北京")
	bad.Set("SealHorizontalText", "一二三四五六七八九")
	bad.Set("WithSeal", "on")
	got := admin.post("/organizations", bad)
	got.wantStatus(http.StatusUnprocessableEntity)
	got.wantText("#f-IdCardNumber-problem", "请填写此项")
	got.wantText("#f-SealHorizontalText-problem", "最多 8")
	doc := got
	for field, want := range map[string]string{"Name": "北京示例科技有限公司", "LegalName": "王小明", "LegalMobile": "13800138000", "ContactAddress.City": "北京",
		"LegalIdCardNumber": "110101199003070000", "SealHorizontalText": "一二三四五六七八九"} {
		if v, _ := doc.find(`[name="` + field + `"]`).Attr("value"); v != want {
			t.Errorf("%s = %q after 422, want %q", field, v, want)
		}
	}
	if _, checked := doc.find(`[name="WithSeal"]`).Attr("checked"); !checked {
		t.Error("the box is no longer checked after 422")
	}

	id := addOrganization(admin, "北京示例科技有限公司", "91110108ma01abcd2x")
	page := admin.get("/organizations/" + id)
	page.wantText(".badge", "未实名")
	page.wantText(".facts", "91110108MA01ABCD2X")
	if strings.Contains(page.body, "13800138000") || strings.Contains(page.body, "110101199003070000") {
		t.Error("the page shows personal numbers in full")
	}
	page.wantText(".facts", "138****8000")

	again := admin.post("/organizations", organizationForm("另一家公司", "91110108MA01ABCD2X"))
	again.wantStatus(http.StatusUnprocessableEntity)
	again.wantText("#f-IdCardNumber-problem", "已被使用")

	verified := admin.post("/organizations/"+id+"/verify", nil)
	verified.wantStatus(http.StatusOK)
	verified.wantText(".badge", "已声明实名")
	verified.wantText(".timeline", "平台：声明子机构实名")
	admin.get("/organizations?state=unverified").wantText(".empty h2", "没有符合条件的子机构")
	admin.get("/organizations?q="+url.QueryEscape("示例科技")).wantText("td a", "北京示例科技有限公司")
	admin.get("/organizations?q="+url.QueryEscape("没有这家")).wantText(".empty h2", "没有符合条件的子机构")
}

func TestRegisterOrganizationWithSeal(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	form := organizationForm("上海示例贸易有限公司", "91310000MA1FL0000X")
	form.Set("WithSeal", "on")
	form.Set("SealType", "CONTRACT")
	got := admin.post("/organizations", form)
	got.wantStatus(http.StatusOK)
	got.wantText(".badge-ok", "已声明实名")
	got.wantText(".seal-card", "合同专用章")
	src, _ := got.find(".seal-card img").Attr("src")
	picture := admin.get(src)
	picture.wantStatus(http.StatusOK)
	if picture.header.Get("Content-Type") != "image/png" || !strings.HasPrefix(picture.body, "\x89PNG") {
		t.Errorf("the picture is %s", picture.header.Get("Content-Type"))
	}
}

func TestPeople(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	bad := admin.post("/users", url.Values{"Name": {"李小龙"}, "IdCardType": {"ID_CARD"}, "OpenId": {strings.Repeat("x", 33)}, "Email": {"li@example.com"}})
	bad.wantStatus(http.StatusUnprocessableEntity)
	bad.wantText("#f-IdCardNumber-problem", "请填写此项")
	bad.wantText("#f-OpenId-problem", "最多 32")
	if v, _ := bad.find(`[name="Email"]`).Attr("value"); v != "li@example.com" {
		t.Errorf("Email = %q after 422", v)
	}
	organization := addOrganization(admin, "北京示例科技有限公司", "91110108MA01ABCD2X")
	id := addPerson(admin, "李小龙", organization)
	page := admin.get("/users/" + id)
	page.wantText(".badge", "未实名")
	page.wantText("td a", "北京示例科技有限公司")
	if strings.Contains(page.body, "13912345678") {
		t.Error("the page shows a mobile in full")
	}
	admin.post("/users/"+id+"/verify", nil).wantText(".badge", "已声明实名")
	list := admin.get("/users?organization=" + organization)
	list.wantText("td a", "李小龙")
	if strings.Contains(list.body, "13912345678") || strings.Contains(list.body, "110101199003070000") {
		t.Error("the list shows personal numbers in full")
	}
	admin.get("/organizations/"+organization).wantText("td a", "李小龙")

	admin.post("/users/"+id+"/organizations/"+organization+"/remove", nil).wantText(".hint", "不代表任何机构")
	admin.post("/organizations/"+organization+"/people", url.Values{"UserID": {id}}).wantText("td a", "李小龙")
	counts, err := p.db.Counters(t.Context(), db.Scope{Organizations: []string{organization}})
	if err != nil || counts["users"] != 1 || counts["organizations"] != 1 {
		t.Errorf("counters %v, %v", counts, err)
	}
}

func TestPersonWithSignature(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	got := admin.post("/users", url.Values{"Name": {"李小龙"}, "IdCardType": {"ID_CARD"}, "IdCardNumber": {"110101199003070000"}, "WithSeal": {"on"}})
	got.wantStatus(http.StatusOK)
	got.wantText(".badge", "已声明实名")
	got.wantText(".seal-card", "个人签名或印章")
	passport := admin.post("/users", url.Values{"Name": {"Ann"}, "IdCardType": {"PASSPORT"}, "IdCardNumber": {"E1234567"}, "WithSeal": {"on"}})
	passport.wantStatus(http.StatusUnprocessableEntity)
	passport.wantText("#f-IdCardType-problem", "请选择")
}

// TestDirectoryScope: an account that reaches one organisation sees nothing of another, and no account but an administrator's changes
// anything.
func TestDirectoryScope(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	mine := addOrganization(admin, "北京示例科技有限公司", "91110108MA01ABCD2X")
	other := addOrganization(admin, "上海示例贸易有限公司", "91310000MA1FL0000X")
	me, stranger := addPerson(admin, "李小龙", mine), addPerson(admin, "张伟", other)
	seal := addSeal(admin, url.Values{"Owner": {"organization:" + other}, "SealType": {"CONTRACT"}})
	business := p.as(auth.Business, mine)
	for path, status := range map[string]int{
		"/organizations/" + mine: http.StatusOK, "/organizations/" + other: http.StatusNotFound,
		"/users/" + me: http.StatusOK, "/users/" + stranger: http.StatusNotFound,
		"/seals/" + seal: http.StatusNotFound, "/seals/" + seal + "/picture": http.StatusNotFound,
		"/organizations/new": http.StatusForbidden, "/users/new": http.StatusForbidden, "/seals/new": http.StatusForbidden,
	} {
		business.get(path).wantStatus(status)
	}
	for _, list := range []string{"/organizations", "/users", "/seals"} {
		if body := business.get(list).body; strings.Contains(body, "上海示例贸易") || strings.Contains(body, "张伟") {
			t.Errorf("%s shows what is out of scope", list)
		}
	}
	compliance := p.as(auth.Compliance)
	compliance.get("/organizations/" + mine).wantStatus(http.StatusOK)
	compliance.post("/organizations/"+mine+"/verify", nil).wantStatus(http.StatusForbidden)
}

// TestPlatformDoesNotAnswer: a form keeps what was typed, a page shows what is known.
func TestPlatformDoesNotAnswer(t *testing.T) {
	p := startPortal(t, func(s *portalSettings) { s.endpoint = "http://127.0.0.1:1" })
	admin := p.as(auth.Admin)
	got := admin.post("/organizations", organizationForm("北京示例科技有限公司", "91110108MA01ABCD2X"))
	got.wantStatus(http.StatusUnprocessableEntity)
	got.wantText(".notice-danger", "暂时连不上")
	if v, _ := got.find(`[name="Name"]`).Attr("value"); v != "北京示例科技有限公司" {
		t.Errorf("Name = %q", v)
	}
	if err := p.db.AddOrganization(t.Context(), db.Organization{ID: "0123", Name: "上海示例贸易有限公司", Kind: "ENTERPRISE", IDCardType: "USCC"}); err != nil {
		t.Fatal(err)
	}
	page := admin.get("/organizations/0123")
	page.wantStatus(http.StatusOK)
	page.wantText(".notice", "上次已知")
}
