package handlers

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/seal"
)

// addSeal makes a seal in the studio and gives its id.
func addSeal(v *visitor, form url.Values) string {
	v.p.t.Helper()
	got := v.post("/seals", form)
	got.wantStatus(http.StatusOK)
	if !strings.HasPrefix(got.path, "/seals/") {
		v.p.t.Fatalf("no seal was made: %s", got.path)
	}
	return strings.TrimPrefix(got.path, "/seals/")
}

func TestStudioPreview(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	id := addOrganization(admin, "北京示例科技有限公司", "91110108MA01ABCD2X")
	person := addPerson(admin, "李\U0002A6D6", id)
	preview := func(q url.Values) *reply {
		t.Helper()
		got := admin.with("HX-Request", "true").get("/seals/preview?" + q.Encode())
		got.wantStatus(http.StatusOK)
		if strings.Contains(got.body, "<html") || strings.Contains(got.body, "style=") {
			t.Error("the preview is no plain fragment")
		}
		return got
	}
	got := preview(url.Values{"Owner": {"organization:" + id}, "SealType": {"CONTRACT"}})
	if got.find("svg path").Length() < 3 {
		t.Error("no seal is drawn")
	}
	got.wantText(".seal-measure", "38.0 × 38.0 毫米")
	got.wantText(".hint", "由签署平台按登记名称生成")
	got.wantText(".notice-wait", "还没有实名")
	preview(url.Values{"Owner": {"organization:" + id}, "SealType": {"CONTRACT"}, "Size": {"circle 58x58"}}).wantText("body", "不应超过 45 毫米")
	preview(url.Values{"Owner": {"organization:" + id}, "SealType": {"CONTRACT"}, "Code": {"1101080123456"}}).wantText(".hint", "由印台绘制")

	for want, q := range map[string]url.Values{
		"横向文字：最多 8":        {"Owner": {"organization:" + id}, "SealType": {"CONTRACT"}, "HorizontalText": {"一二三四五六七八九"}},
		"防伪编码：应为 13":       {"Owner": {"organization:" + id}, "SealType": {"OFFICIAL"}, "Code": {"123"}},
		"没有这些字：\U0002A6D6": {"Owner": {"user:" + person}, "SealType": {"PERSONAL"}},
		"印章类型：个人印章属于人员":    {"Owner": {"organization:" + id}, "SealType": {"PERSONAL"}},
		"尺寸：请选择列出的一项":      {"Owner": {"organization:" + id}, "SealType": {"OFFICIAL"}, "Size": {"circle 99x99"}},
		"不透明度：请填写数字":       {"Owner": {"organization:" + id}, "SealType": {"OFFICIAL"}, "Opacity": {"half"}},
	} {
		preview(q).wantText(".notice-danger", want)
	}
	english := admin.with("Accept-Language", "en").get("/seals/preview?Owner=organization:" + id + "&SealType=CONTRACT")
	english.wantText(".seal-measure", "38.0 × 38.0 mm")
}

// TestStudioWithoutScripts: the preview button asks for the whole page with what was typed.
func TestStudioWithoutScripts(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	id := addOrganization(admin, "北京示例科技有限公司", "91110108MA01ABCD2X")
	got := admin.get("/seals/new?" + url.Values{"Owner": {"organization:" + id}, "SealType": {"OTHER"}, "HorizontalText": {"人事专用章"}, "Color": {"blue"}}.Encode())
	got.wantStatus(http.StatusOK)
	doc := got
	if doc.find("#preview .paper svg").Length() != 1 || !strings.Contains(got.body, `fill="#1c46a6"`) {
		t.Error("the page does not show the seal in blue")
	}
	if v, _ := doc.find("#f-HorizontalText").Attr("value"); v != "人事专用章" {
		t.Errorf("HorizontalText = %q", v)
	}
	if v, _ := doc.find("#f-Color option[selected]").Attr("value"); v != "blue" {
		t.Errorf("Color = %q", v)
	}
}

func TestMakeSeals(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	id := addOrganization(admin, "北京示例科技有限公司", "91110108MA01ABCD2X")
	person := addPerson(admin, "李小龙", id)
	owner := "organization:" + id

	generated := addSeal(admin, url.Values{"Owner": {owner}, "SealType": {"CONTRACT"}, "SealName": {"合同章一"}})
	page := admin.get("/seals/" + generated)
	page.wantText("h1", "合同章一")
	page.wantText(".badge-ok", "默认")
	page.wantText(".facts", "平台生成")
	page.wantText("body", "没有在公安机关备案")

	refused := admin.post("/seals", url.Values{"Owner": {owner}, "SealType": {"OFFICIAL"}, "Code": {"1101080123456"}})
	refused.wantStatus(http.StatusUnprocessableEntity)
	refused.wantText("#f-OperatorID-problem", "请选择经办人")
	if v, _ := refused.find("#f-Code").Attr("value"); v != "1101080123456" {
		t.Errorf("Code = %q after 422", v)
	}
	drawn := addSeal(admin, url.Values{"Owner": {owner}, "SealType": {"OFFICIAL"}, "Code": {"1101080123456"}, "Size": {"circle 42x42"}, "OperatorID": {person}})
	admin.get("/seals/"+drawn).wantText(".facts", "42.0 × 42.0 毫米")
	if w := pictureWidthMM(t, admin, drawn); math.Abs(w-42) > 0.2 {
		t.Errorf("the platform's picture is %.2f mm wide, want 42", w)
	}

	invoice := addSeal(admin, url.Values{"Owner": {owner}, "SealType": {"SPECIAL_NATIONWIDE_INVOICE"}})
	admin.get("/seals/"+invoice).wantText(".facts", "平台生成")
	signature := addSeal(admin, url.Values{"Owner": {"user:" + person}})
	admin.get("/seals/"+signature).wantText(".facts a", "李小龙")
	second := admin.get("/seals/preview?" + url.Values{"Owner": {"user:" + person}, "SealType": {"PERSONAL"}, "Running": {"true"}}.Encode())
	second.wantText(".hint", "由印台绘制") // the platform makes only one

	moved := admin.post("/seals/"+drawn+"/default", nil)
	moved.wantStatus(http.StatusOK)
	moved.wantText(".badge-ok", "默认")
	if s, err := p.db.Seal(t.Context(), db.Everything(), generated); err != nil || s.Default {
		t.Errorf("the one before is still the default: %+v, %v", s, err)
	}
	if n := admin.get("/seals").find(".seal-card").Length(); n != 4 {
		t.Errorf("the list shows %d seals, want 4", n)
	}
	if n := admin.get("/seals?kind=OFFICIAL").find(".seal-card").Length(); n != 1 {
		t.Errorf("the list of official seals shows %d", n)
	}
	admin.get("/seals/new?"+url.Values{"Owner": {owner}, "SealType": {"OFFICIAL"}}.Encode()).wantText("#preview", "已有公章")
}

// pictureWidthMM is how wide the platform's picture of a seal says it is.
func pictureWidthMM(t *testing.T, v *visitor, id string) float64 {
	t.Helper()
	p, err := seal.CleanPicture([]byte(v.get("/seals/" + id + "/picture").body))
	if err != nil {
		t.Fatal(err)
	}
	return p.WidthMM
}

func TestUploadSeal(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	id := addOrganization(admin, "北京示例科技有限公司", "91110108MA01ABCD2X")
	person := addPerson(admin, "李小龙", id)
	form := url.Values{"Owner": {"organization:" + id}, "SealType": {"OFFICIAL"}, "SealName": {"公章（扫描）"}, "OperatorID": {person}}

	none := admin.postFiles("/seals/upload", form)
	none.wantStatus(http.StatusUnprocessableEntity)
	none.wantText("#f-File-problem", "请选择文件")
	if v, _ := none.find("#f-SealName").Attr("value"); v != "公章（扫描）" {
		t.Errorf("SealName = %q after 422", v)
	}
	admin.postFiles("/seals/upload", form, uploadFile{"File", "a.png", []byte("GIF89a")}).wantText("#f-File-problem", "不是有效的 JPG 或 PNG")

	step := admin.postFiles("/seals/upload", form, uploadFile{"File", "seal.jpg", scannedSeal(t)})
	step.wantStatus(http.StatusOK)
	doc := step
	if n := doc.find(`.diff img[src^="data:image/png;base64,"]`).Length(); n != 2 {
		t.Fatalf("%d pictures to compare, want 2", n)
	}
	picture, _ := doc.find(`[name="Picture"]`).Attr("value")
	form.Set("Picture", picture)

	nameless := url.Values{"Owner": form["Owner"], "SealType": form["SealType"], "OperatorID": form["OperatorID"], "Picture": form["Picture"]}
	again := admin.postFiles("/seals/upload/confirm", nameless)
	again.wantStatus(http.StatusUnprocessableEntity)
	again.wantText("#f-SealName-problem", "请填写此项")
	if n := again.find(".diff img").Length(); n != 2 {
		t.Error("the pictures are gone after 422")
	}
	done := admin.postFiles("/seals/upload/confirm", form)
	done.wantStatus(http.StatusOK)
	done.wantText("h1", "公章（扫描）")
	done.wantText(".facts", "上传图片")
	img, err := png.Decode(strings.NewReader(admin.get(done.path + "/picture").body))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, a := img.At(3, 3).RGBA(); a != 0 {
		t.Error("the paper is not transparent")
	}
	form.Set("Picture", strings.Repeat("0", 64))
	admin.postFiles("/seals/upload/confirm", form).wantStatus(http.StatusUnprocessableEntity)
}

// scannedSeal is a seal on paper, as a JPEG.
func scannedSeal(t *testing.T) []byte {
	t.Helper()
	face, _ := drawing()
	d, err := seal.Draw(face, seal.Spec{Kind: seal.Official, Name: "北京示例科技有限公司"})
	if err != nil {
		t.Fatal(err)
	}
	data, err := d.PNG(150)
	if err != nil {
		t.Fatal(err)
	}
	ink, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	sheet := image.NewRGBA(image.Rect(0, 0, 320, 320))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.RGBA{246, 243, 236, 255}), image.Point{}, draw.Src)
	draw.Draw(sheet, ink.Bounds().Add(image.Pt(40, 40)), ink, image.Point{}, draw.Over)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, sheet, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
