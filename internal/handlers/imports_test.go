package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/identity"

	"golang.org/x/text/encoding/simplifiedchinese"
)

func csvFile(text string) uploadFile { return uploadFile{"File", "名单.csv", []byte(text)} }

func TestTheDryRunTellsEveryFaultByLineAndColumn(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	addOrganization(admin, "北京示例科技有限公司", "91110108MA01ABCD2X")
	text := "姓名,证件类型,证件号码,手机,代表机构,实名并生成签名\n" +
		"林一帆,,110101190001010014,13490000001,北京示例科技有限公司,否\n" +
		",,110101190001010015,138,没有这家公司,也许\n" +
		"买买提·吐尔逊,护照,E1234567,,,是\n" +
		"林一帆,,110101190001010014,,,\n" +
		"试甲,驾驶证,1.10101E+17,,,,多一格\n"
	got := admin.postFiles("/users/import", nil, csvFile(text)).wantStatus(http.StatusUnprocessableEntity)
	var faults []string
	for _, row := range got.find("table tbody tr").EachIter() {
		var cells []string
		for _, cell := range row.Find("td").EachIter() {
			cells = append(cells, cell.Text())
		}
		faults = append(faults, strings.Join(cells, " "))
	}
	all := strings.Join(faults, "\n")
	for _, want := range []string{"3 姓名 请填写此项", "3 证件号码 身份证号码有误", "3 手机 请填写 11 位手机号", "3 代表机构 没有这家子机构", "3 实名并生成签名 应为以下之一：否、是",
		"4 实名并生成签名 只有身份证", "5 证件号码 与第 2 行的号码相同", "6 证件类型 应为以下之一：居民身份证", "6 证件号码 表格软件把号码改成了 1.10101E+17", "6 – 这一行的单元格比列名多"} {
		if !strings.Contains(all, want) {
			t.Errorf("no fault %q among\n%s", want, all)
		}
	}
	if strings.Contains(all, "2 姓名") {
		t.Errorf("the second line has nothing wrong:\n%s", all)
	}
	if people, _, err := p.db.Users(t.Context(), db.Everything(), db.DirectoryFilter{}, db.Page{}); err != nil || len(people) != 0 {
		t.Errorf("the dry run made %d people, %v", len(people), err)
	}
	for text, want := range map[string]string{"": "没有内容", "姓名\n张三\n": "没有这一列", "姓名,姓名,证件号码\n1,2,3\n": "出现了两次", "姓名,证件号码\n\"张三,1\n": "引号不成对", "PK\x00": "不是 CSV"} {
		admin.postFiles("/users/import", nil, csvFile(text)).wantStatus(http.StatusUnprocessableEntity).wantText("main", want)
	}
	admin.postFiles("/users/import", nil).wantStatus(http.StatusUnprocessableEntity).wantProblem("File")
}

// people is a file of so many people who can exist.
func peopleFile(n int) string {
	var text strings.Builder
	text.WriteString("姓名;证件号码;手机;实名并生成签名\n")
	for i := range n {
		fmt.Fprintf(&text, "试%c;%s;13490000001;%s\n", '甲'+rune(i), identity.IDCardNumber("110101", testBirthday(), 100+i), []string{"否", "是"}[i%2])
	}
	return text.String()
}

func TestAnImportMakesEveryRowOnce(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	gbk, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(peopleFile(4)))
	if err != nil {
		t.Fatal(err)
	}
	file := uploadFile{"File", "名单.csv", gbk}
	checked := admin.postFiles("/users/import", nil, file).wantStatus(http.StatusOK).wantText("[role=status]", "检查通过，共 4 行")
	path := checked.path

	// One row was begun and the platform has it, but the program ended before it knew; then its memory is gone.
	id := strings.TrimPrefix(path, "/imports/")
	row, err := p.db.BeginImportRow(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	held := p.server.imports.get(id, p.clock.now()).items[row.Line].user.Form
	held.OpenId = row.OpenID
	if _, err := api.CreateUser.Call(t.Context(), p.client, &held); err != nil {
		t.Fatal(err)
	}
	p.server.imports.drop(id)
	admin.get(path).wantText("[role=status]", "需要原来的文件").wantText(".hint", "名单.csv")
	admin.postFiles(path+"/file", nil, csvFile(peopleFile(5))).wantStatus(http.StatusUnprocessableEntity).wantProblem("File")
	admin.postFiles(path+"/file", nil, file).wantPath(path)

	for range 20 {
		if admin.post(path+"/run", nil).find("[role=status]").Text() == "全部 4 行已创建。" {
			break
		}
	}
	admin.get(path).wantText("[role=status]", "全部 4 行已创建")
	people, _, err := p.db.Users(t.Context(), db.Everything(), db.DirectoryFilter{}, db.Page{})
	if err != nil || len(people) != 4 {
		t.Fatalf("%d people, want 4 (%v)", len(people), err)
	}
	verified := 0
	for _, u := range people {
		if u.IsVerified() {
			verified++
		}
		if strings.Contains(u.IDCardNumber, "1101") || strings.Contains(u.Mobile, "13490000001") {
			t.Errorf("numbers are kept in clear: %+v", u)
		}
	}
	if verified != 2 {
		t.Errorf("%d are verified, want 2", verified)
	}
	result := admin.get(path + "/result").wantStatus(http.StatusOK)
	if !strings.HasPrefix(result.body, "\ufeff") || strings.Count(result.body, "已创建") != 4 || strings.Contains(result.body, "110101") {
		t.Errorf("the result is\n%s", result.body)
	}

	// Another account does not see it.
	p.as(auth.Admin).get(path).wantStatus(http.StatusNotFound)
}

func TestRefusedRowsAreToldAndTriedAgain(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	code := "91110000100000006C"
	addOrganization(admin, "先到有限公司", code)
	text := "机构名称,证件号码,法定代表人,法定代表人证件号码\n后到有限公司," + code + ",林一帆,110101190001010014\n"
	path := admin.postFiles("/organizations/import", nil, csvFile(text)).wantStatus(http.StatusOK).path
	done := admin.post(path+"/run", nil).wantText("[role=status]", "失败 1 行").wantText("table", "已经登记过")
	if done.find("form[action$='/retry']").Length() != 1 {
		t.Error("there is no way to try again")
	}
	admin.post(path+"/retry", nil).wantText("[role=status]", "检查通过，共 1 行")
}

func TestSamplesAreInOrder(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	for _, lang := range []string{"zh-CN", "en"} {
		v := admin.with("Accept-Language", lang)
		for _, kind := range []string{"users", "organizations"} {
			sample := v.get("/" + kind + "/import/sample").wantStatus(http.StatusOK)
			if got := sample.header.Get("Content-Disposition"); !strings.Contains(got, "attachment") {
				t.Errorf("%s: %s", kind, got)
			}
			v.postFiles("/"+kind+"/import", nil, csvFile(sample.body)).wantStatus(http.StatusOK)
		}
	}
}
