package handlers

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

func (v *visitor) check(name string, data []byte) *reply {
	v.p.t.Helper()
	return v.postFiles("/verify", nil, uploadFile{"Files", name, data})
}

// A reviewer is shown what was changed after a signature, and where, in words and on the page; the file is not kept, the check is recorded.
func TestACheckedFileShowsWhereItWasChanged(t *testing.T) {
	p := startPortal(t)
	reviewer := p.as(auth.Compliance)
	reviewer.get("/audit").wantText("nav", "验证合同文件")
	reviewer.get("/verify").wantStatus(http.StatusOK).wantText("main", "文件不会被保存")
	for file, field := range map[string]string{"button": "btn", "text-field": "x", "unsigned-seal-look": "fakeseal", "widget-outside-form": "x"} {
		got := reviewer.check(file+".pdf", signedCase(t, "forged/"+file+".pdf")).wantStatus(http.StatusOK)
		for _, want := range []string{"文件中的签名已失效", "已失效", "第 1 页", "域 " + field, "距左 60 pt、距上 62 pt，300 × 30 pt", "未与存档比对"} {
			got.wantText("main", want)
		}
		if got.find(`.checked-page svg rect[x="58"][y="60"][width="304"][height="34"]`).Length() != 1 {
			t.Errorf("%s: the change is not drawn where it is: %s", file, got.find(".checked-page").Text())
		}
		if !strings.HasPrefix(got.find(".checked-page img").AttrOr("src", ""), "data:image/png;base64,") {
			t.Errorf("%s: the page is not shown", file)
		}
		event := latest(t, p.db.Audit(), "file.check")
		if event.Actor.Role != string(auth.Compliance) || !strings.Contains(event.DetailText, `"result":"broken"`) || !strings.Contains(event.DetailText, `"sha256":"`) {
			t.Errorf("%s: recorded as %+v", file, event)
		}
	}
	all, _, err := p.db.Files(t.Context(), db.Everything(), db.FileFilter{}, db.Page{})
	if err != nil || len(all) != 0 {
		t.Errorf("checked files are kept: %v %v", all, err)
	}
	reviewer.get("/audit").wantText("main", "验证了合同文件《button.pdf》")
	reviewer.check("plain.pdf", contract(t)).wantStatus(http.StatusOK).wantText("main", "文件中没有电子签名")
	reviewer.check("other.pdf", signedCase(t, "signed/v-plain.pdf")).wantText(".signers", "无法判断").wantText(".signers", "Example Signer")
	reviewer.check("not.pdf", []byte("hello")).wantStatus(http.StatusUnprocessableEntity)
	reviewer.post("/verify", nil).wantStatus(http.StatusUnprocessableEntity)
	p.visitor().get("/verify").wantText("main", "登录")
}

// A contract of the platform is named with the person behind each seal and compared with what the platform keeps: same, earlier, or which
// pages differ.
func TestACheckedContractIsComparedWithTheOriginal(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	admin, reviewer := p.as(auth.Admin), p.as(auth.Compliance)
	draft := admin.draft("对照合同", a, a, b)
	admin.seals(draft)
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("the first step is sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	p.sign(flow, 0)
	p.until("the second step is sent", func() bool { return p.flow(flow).Approvers[1].SignID != "" })
	first := []byte(admin.get(flow + "/files/0/download").wantStatus(http.StatusOK).body)
	p.sign(flow, 1)
	p.until("all have signed", func() bool { return p.flow(flow).State == db.FlowSigned })
	whole := []byte(admin.get(flow + "/files/0/download").wantStatus(http.StatusOK).body)

	got := reviewer.check("whole.pdf", whole).wantText("main", "逐字节一致").wantText(".signers", "有效")
	for _, signer := range p.flow(flow).Approvers {
		got.wantText(".signers", "签署人："+signer.UserName)
	}
	// The platform of this test is simulated: whoever may be shown the file must be told, here and on the contract's page.
	got.wantText("main", "其中 2 个签名是模拟签署（SIMULATED）")
	if n := got.find(".signers [data-simulated]").Length(); n != 2 {
		t.Errorf("%d signatures are shown as simulated", n)
	}
	page := reviewer.get(flow).wantText("main", "核验方式：仅凭链接（身份未经核验）")
	if n := page.find("main [data-simulated]").Length(); n != 2 {
		t.Errorf("%d signers are shown as simulated on the contract's page: %s", n, page.find("main").Text())
	}
	if href := got.find(`main a[href="` + flow + `"]`); href.Length() != 1 {
		t.Error("leads to no contract")
	}
	if event := latest(t, p.db.Audit(), "file.check"); !strings.Contains(event.DetailText, strings.TrimPrefix(flow, "/flows/")) ||
		!strings.Contains(event.DetailText, `"original":"same"`) {
		t.Errorf("recorded as %s", event.DetailText)
	}
	reviewer.check("first.pdf", first).wantText("main", "较早阶段的版本").wantText("main", "1 个签名")

	for what, changed := range map[string][]byte{"the newest": movedSeal(t, whole), "an earlier state": movedSeal(t, first)} {
		got := reviewer.check("changed.pdf", changed).wantStatus(http.StatusOK).wantText("main", "与平台存档的合同不一致").
			wantText("main", "显示内容不同的页：第 ").wantText(".signers", "已签署的内容被改").wantText(".signers", "签署人："+p.flow(flow).Approvers[0].UserName)
		if got.find(".checked-page rect.checked-compared[width]").Length() == 0 {
			t.Errorf("%s: not drawn", what)
		}
	}

	bound := p.visitor()
	p.addAccount("elsewhere", auth.Business, "nowhere")
	bound.logIn("elsewhere", testPassword).wantStatus(http.StatusOK)
	text := bound.check("whole.pdf", whole).wantStatus(http.StatusOK).wantText("main", "未与存档比对").find("main").Text()
	if strings.Contains(text, "签署人：") {
		t.Error("names people of a contract that the account does not reach")
	}
}

// movedSeal moves the first box of the form, as somebody would who can write to the file.
func movedSeal(t *testing.T, data []byte) []byte {
	t.Helper()
	at := regexp.MustCompile(`/Rect ?\[ ?[1-8]`).FindIndex(data)
	if at == nil {
		t.Fatal("the contract has no box in clear")
	}
	out := bytes.Clone(data)
	out[at[1]-1]++
	return out
}
