package api

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// described is an action as reflection sees it.
type described struct {
	name      string
	req, resp reflect.Type
}

func describe[Req, Resp any](a Action[Req, Resp]) described {
	return described{a.Name, reflect.TypeFor[Req](), reflect.TypeFor[Resp]()}
}

var all = []described{
	describe(ArchiveFlow),
	describe(CancelFlow),
	describe(CheckBankCard2EVerification),
	describe(CheckBankCard3EVerification),
	describe(CheckBankCard4EVerification),
	describe(CheckBankCardVerification),
	describe(CheckFaceIdentify),
	describe(CheckIdCardVerification),
	describe(CheckMobileAndName),
	describe(CheckMobileVerification),
	describe(CheckVerifyCodeMatchFlowId),
	describe(CreateFaceIdSign),
	describe(CreateFlowByFiles),
	describe(CreateH5FaceIdUrl),
	describe(CreatePreviewSignUrl),
	describe(CreateSeal),
	describe(CreateServerFlowSign),
	describe(CreateSignUrl),
	describe(CreateSubOrganization),
	describe(CreateSubOrganizationAndSeal),
	describe(CreateUser),
	describe(CreateUserAndSeal),
	describe(DeleteSeal),
	describe(DescribeCatalogApprovers),
	describe(DescribeCatalogSignComponents),
	describe(DescribeCustomFlowIds),
	describe(DescribeCustomFlowIdsByFlowId),
	describe(DescribeFaceIdPhotos),
	describe(DescribeFaceIdResults),
	describe(DescribeFileIdsByCustomIds),
	describe(DescribeFileUrls),
	describe(DescribeFlow),
	describe(DescribeFlowApprovers),
	describe(DescribeFlowFiles),
	describe(DescribeSeals),
	describe(DescribeSubOrganizations),
	describe(DescribeUsers),
	describe(DestroyFlowFile),
	describe(GenerateOrganizationSeal),
	describe(GenerateUserSeal),
	describe(ModifyOrganizationDefaultSeal),
	describe(ModifySeal),
	describe(ModifySubOrganizationInfo),
	describe(ModifyUser),
	describe(ModifyUserDefaultSeal),
	describe(RejectFlow),
	describe(SendFlow),
	describe(SendFlowUrl),
	describe(SendSignInnerVerifyCode),
	describe(SignFlow),
	describe(UploadFiles),
	describe(VerifySubOrganization),
	describe(VerifyUser),
}

// structs are those that requests and answers share.
var structs = []any{
	Address{}, Caller{}, CatalogApprovers{}, CatalogComponents{}, Component{}, ComponentSeal{}, CustomFileIdMap{}, CustomFlowIdMap{},
	FaceIdPhoto{}, FaceIdResult{}, FileUrl{}, FlowApproverInfo{}, FlowFileInfo{}, FlowInfo{}, Seal{}, SignSeal{}, SmsTemplate{},
	SubOrganizationDetail{}, UploadFile{}, UserDescribe{},
}

// inRequests names the structs that a caller sends, so that they leave out what is empty and carry rules.
var inRequests = []string{"Address", "Caller", "Component", "FlowInfo", "SignSeal", "SmsTemplate", "UploadFile"}

// fact is a field as the platform describes it.
type fact struct {
	Name, Type         string
	Required, Nullable bool
	Enum               []string
	Max                int
}

type facts struct {
	Version string
	Actions map[string]struct {
		Errors            []string
		Request, Response []fact
	}
	Structs      map[string][]fact
	Errors       []string
	CommonErrors []string
}

func readFacts(t *testing.T) facts {
	t.Helper()
	data, err := os.ReadFile("testdata/essbasic.json")
	if err != nil {
		t.Fatal(err)
	}
	var f facts
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// looserEnums are fields whose documented values Tencent's own examples contradict, so that they are not checked, and why.
var looserEnums = map[string]string{
	"FlowInfo.FlowType":                                  "documented as 劳务, sent and returned as 劳务合同: free text",
	"Component.SealOperate":                              "1 shows the seal, anything else does not",
	"CreateSubOrganizationRequest.IdCardFileType":        "the example sends MULTIBIZLICENSEFILE",
	"CreateSubOrganizationAndSealRequest.IdCardFileType": "the example sends MULTIBIZLICENSEFILE",
	"ModifySubOrganizationInfoRequest.LegalIdCardType":   "the comment lists ID_CARD only, though a passport can be registered",
	"DescribeFileUrlsRequest.BusinessType":               "the example asks for DOCUMENT",
	"CheckFaceIdentifyRequest.VerifyChannel":             "None here, NONE elsewhere: any case",
	"SignFlowRequest.VerifyChannel":                      "SendFlowUrl sends tasks by OFFLINE, which no documented value could sign",
	"RejectFlowRequest.VerifyChannel":                    "as above",
	"SendFlowRequest.VerifyChannel":                      "ACCOUNT is the embedded engine's own",
}

// otherRequired are fields that the platform marks required but whose rule differs, and why; the value is the rule that stands
// instead.
var otherRequired = map[string]string{
	"SignSeal.FileIndex":             "",                                   // 0 is the first file
	"SignFlowRequest.VerifyResult":   "required_unless=VerifyChannel NONE", // empty for NONE
	"RejectFlowRequest.VerifyResult": "required_unless=VerifyChannel NONE", // empty for NONE
}

func TestEveryActionIsTheOneThatThePlatformHas(t *testing.T) {
	f := readFacts(t)
	if f.Version != Version {
		t.Errorf("Version = %s, want %s", Version, f.Version)
	}
	seen := make(map[string]bool)
	for _, a := range all {
		seen[a.name] = true
		want, ok := f.Actions[a.name]
		if !ok {
			t.Errorf("%s is no action of the platform", a.name)
			continue
		}
		if a.req.Name() != a.name+"Request" || a.resp.Name() != a.name+"Response" {
			t.Errorf("%s has the types %s and %s", a.name, a.req.Name(), a.resp.Name())
		}
		checkStruct(t, a.req, want.Request, true)
		checkStruct(t, a.resp, want.Response, false)
		if got := Errors(a.name); !slices.Equal(got, want.Errors) {
			t.Errorf("Errors(%s) = %v, want %v", a.name, got, want.Errors)
		}
	}
	for name := range f.Actions {
		if !seen[name] {
			t.Errorf("the platform's action %s is missing", name)
		}
	}
	if len(all) != 53 || len(Names()) != 53 {
		t.Errorf("%d actions, %d with declared errors, want 53", len(all), len(Names()))
	}
}

func TestEverySharedStructIsTheOneThatThePlatformHas(t *testing.T) {
	f := readFacts(t)
	if len(structs) != len(f.Structs) {
		t.Errorf("%d structs, want %d", len(structs), len(f.Structs))
	}
	for _, s := range structs {
		typ := reflect.TypeOf(s)
		want, ok := f.Structs[typ.Name()]
		if !ok {
			t.Errorf("%s is no struct of the platform", typ.Name())
			continue
		}
		checkStruct(t, typ, want, slices.Contains(inRequests, typ.Name()))
	}
}

func checkStruct(t *testing.T, typ reflect.Type, want []fact, sent bool) {
	t.Helper()
	if typ.NumField() != len(want) {
		t.Errorf("%s has %d fields, want %d", typ.Name(), typ.NumField(), len(want))
	}
	for _, w := range want {
		f, ok := typ.FieldByName(w.Name)
		if !ok {
			t.Errorf("%s.%s is missing", typ.Name(), w.Name)
			continue
		}
		path := typ.Name() + "." + w.Name
		tag := w.Name
		if sent && !w.Required {
			tag += ",omitempty"
		}
		if got := f.Tag.Get("json"); got != tag {
			t.Errorf("%s: json %q, want %q", path, got, tag)
		}
		if got, want := goType(f.Type), w.Type; got != want {
			t.Errorf("%s is a %s, want %s", path, got, want)
		}
		if f.Type.Kind() == reflect.Pointer && sent == w.Required && !w.Nullable {
			t.Errorf("%s is a pointer, but always there", path)
		}
		if sent {
			checkRules(t, path, w, f.Tag.Get("validate"))
		} else if f.Tag.Get("validate") != "" {
			t.Errorf("%s: an answer needs no rules", path)
		}
	}
}

// goType writes a Go type as the facts do.
func goType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return goType(t.Elem())
	case reflect.Slice:
		return "[]" + goType(t.Elem())
	default:
		return t.Name()
	}
}

func checkRules(t *testing.T, path string, w fact, tag string) {
	t.Helper()
	rules := strings.Split(strings.Replace(tag, "idcardtype", "oneof="+strings.Join(IDCardTypes(), " "), 1), ",")
	instead, differs := otherRequired[path]
	switch {
	case differs && instead != "" && !slices.Contains(rules, instead):
		t.Errorf("%s: rules %q, want %q among them", path, tag, instead)
	case !differs && w.Required != slices.Contains(rules, "required") && !slices.Contains(rules, "dive"):
		t.Errorf("%s: required is %t, rules %q", path, w.Required, tag)
	case !differs && w.Required && !strings.HasPrefix(tag, "required"):
		t.Errorf("%s: required, rules %q", path, tag)
	}
	if _, looser := looserEnums[path]; len(w.Enum) > 0 && !looser {
		if want := "oneof=" + strings.Join(w.Enum, " "); !slices.Contains(rules, want) {
			t.Errorf("%s: rules %q, want %q", path, tag, want)
		}
	}
	if want := "max=" + strconv.Itoa(w.Max); w.Max > 0 && !slices.Contains(rules, want) {
		t.Errorf("%s: rules %q, want %q", path, tag, want)
	}
	if w.Max == 0 && strings.Contains(tag, "max=") {
		t.Errorf("%s: rules %q, but no limit is documented", path, tag)
	}
}

func TestErrorCodes(t *testing.T) {
	f := readFacts(t)
	consts := constants(t, "codes.go")
	var known []string
	for _, code := range slices.Concat(f.Errors, f.CommonErrors) {
		known = append(known, code)
		if name := "Code" + strings.ReplaceAll(code, ".", ""); consts[name] != code {
			t.Errorf("%s = %q, want %q", name, consts[name], code)
		}
	}
	for name, code := range consts {
		if !slices.Contains(known, code) {
			t.Errorf("%s = %q is no code of the platform", name, code)
		}
	}
	if got := CommonErrors(); !slices.Equal(slices.Sorted(slices.Values(got)), f.CommonErrors) {
		t.Errorf("CommonErrors() = %v, want %v", got, f.CommonErrors)
	}
}

// constants reads the string constants of a file of this package.
func constants(t *testing.T, file string) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
				found[spec.Names[0].Name], err = strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		return true
	})
	return found
}

// TestPersonalDataIsMasked holds every field that a request can carry against the names under which people's data travel.
func TestPersonalDataIsMasked(t *testing.T) {
	personal := []string{"LegalName", "ContactName", "LegalIdCardNumber", "Mobile", "LegalMobile", "BankCard", "Email", "Image", "FileBody",
		"BizLicenseFile", "SealContent", "VerifyResult", "VerifyCode", "Details"}
	for _, a := range all {
		var walk func(typ reflect.Type)
		walk = func(typ reflect.Type) {
			for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
				typ = typ.Elem()
			}
			if typ.Kind() != reflect.Struct {
				return
			}
			for i := range typ.NumField() {
				f := typ.Field(i)
				ofPeople := (f.Name == "Name" || f.Name == "IdCardNumber") && !strings.Contains(typ.Name(), "Organization")
				if (ofPeople || slices.Contains(personal, f.Name)) && f.Tag.Get("mask") == "" {
					t.Errorf("%s.%s is not masked", typ.Name(), f.Name)
				}
				walk(f.Type)
			}
		}
		walk(a.req)
	}
}
