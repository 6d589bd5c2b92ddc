package engine_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

func organizationRequest(openID string) *api.CreateSubOrganizationRequest {
	return &api.CreateSubOrganizationRequest{
		Name: "杭州示范贸易有限公司", IdCardType: "USCC", IdCardNumber: "91330100MA2EXAMP3G", OrganizationType: "ENTERPRISE", LegalName: "赵强",
		LegalIdCardType: "ID_CARD", LegalIdCardNumber: "330102199003074419", OpenId: openID, LegalMobile: "15012340702", ContactName: "钱进",
		Email: "a@example.com", VerifyClientIp: "203.0.113.9", VerifyServerIp: "203.0.113.10", IdCardFileType: "USCCFILE", BizLicenseFileName: "licence.png",
		BizLicenseFile: base64.StdEncoding.EncodeToString(picture(200, 100)), ContactAddress: &api.Address{Province: "浙江", City: "杭州", County: "西湖", Details: "文三路 1 号"},
	}
}

func TestOrganizationFromRegistrationToVerification(t *testing.T) {
	p := start(t)
	id := do(p, api.CreateSubOrganization, organizationRequest("org-1")).SubOrganizationId
	describe := func() api.SubOrganizationDetail {
		return do(p, api.DescribeSubOrganizations, &api.DescribeSubOrganizationsRequest{SubOrganizationIds: []string{id}}).SubOrganizationInfos[0]
	}
	d := describe()
	if d.VerifyStatus != "NotVerified" || d.VerifiedOn != 0 || d.LegalMobile != "150****0702" || d.LegalIdCardNumber != "3****************9" {
		t.Errorf("%+v", d)
	}
	if d.Name != "杭州示范贸易有限公司" || d.ContactAddress == nil || d.ContactAddress.Details != "文三路 1 号" || d.ContactName != "钱进" || d.VerifyServerIp != "203.0.113.10" {
		t.Errorf("a field is lost: %+v", d)
	}
	if code, data := p.get(d.BizLicenseFile); code != 200 || !strings.HasPrefix(string(data), "\x89PNG") {
		t.Errorf("the licence: %d", code)
	}
	do(p, api.VerifySubOrganization, &api.VerifySubOrganizationRequest{OpenId: "org-1"})
	if d := describe(); d.VerifyStatus != "Verified" || d.VerifiedOn != p.clock.Now().Unix() || d.UpdatedOn == 0 {
		t.Errorf("%+v", d)
	}

	double := organizationRequest("org-1")
	double.IdCardNumber = "91330100MA2EXAMP4X"
	refused(p, api.CodeFailedOperationOpenIdAlreadyExists, api.CreateSubOrganization, double)
	refused(p, api.CodeFailedOperationOrgIdCardNumberAlreadyExists, api.CreateSubOrganization, organizationRequest("org-2"))
	own := organizationRequest("chosen-id")
	own.IdCardNumber, own.UseOpenId = "91330100MA2EXAMP5Y", true
	if got := do(p, api.CreateSubOrganization, own).SubOrganizationId; got != "chosen-id" {
		t.Errorf("UseOpenId gave id %q", got)
	}
	broken := organizationRequest("org-3")
	broken.IdCardNumber, broken.BizLicenseFile = "91330100MA2EXAMP6Z", base64.StdEncoding.EncodeToString([]byte("GIF89a"))
	refused(p, value, api.CreateSubOrganization, broken)
	refused(p, unknown, api.DescribeSubOrganizations, &api.DescribeSubOrganizationsRequest{SubOrganizationIds: []string{id, "nobody"}})
	refused(p, unknown, api.VerifySubOrganization, &api.VerifySubOrganizationRequest{OpenId: "nobody"})
}

func TestRightsCanBeTakenAway(t *testing.T) {
	p := start(t)
	q := p.party(0)
	flowID := p.flow(q)
	signID := p.task(flowID, q, q, 200)
	take := func(r engine.Right) {
		t.Helper()
		if err := p.engine.SetRight(t.Context(), r, false); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range engine.Rights() {
		take(r)
	}
	refused(p, api.CodeOperationDeniedNoApiAuth, api.VerifySubOrganization, &api.VerifySubOrganizationRequest{OpenId: "x"})
	refused(p, api.CodeAuthFailureUnauthorizedOperation, api.VerifyUser, &api.VerifyUserRequest{UserId: q.user})
	refused(p, denied, api.SignFlow, signRequest(flowID, signID, q))
	refused(p, denied, api.SendFlow, taskRequest(p.flow(q), q, q, 200))
	if err := p.engine.SetRight(t.Context(), engine.RightVerifyUser, true); err != nil {
		t.Fatal(err)
	}
	do(p, api.VerifyUser, &api.VerifyUserRequest{UserId: q.user})
	refused(p, api.CodeAuthFailureUnauthorizedOperation, api.VerifyUser, &api.VerifyUserRequest{UserId: q.user, CertificateRequired: true})
	if err := p.engine.SetRight(t.Context(), "Fly", true); err == nil {
		t.Error("an unknown right was granted")
	}
	// Without the right for NONE, a code is the channel of those who name none.
	req := taskRequest(p.flow(q), q, q, 200)
	req.VerifyChannel = nil
	do(p, api.SendFlow, req)
	got := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: req.FlowId}).Approvers[0]
	if fmt.Sprint(got.VerifyChannel) != "[VERIFYCODE]" {
		t.Errorf("channels = %v", got.VerifyChannel)
	}
}

func TestPeople(t *testing.T) {
	p := start(t)
	req := &api.CreateUserRequest{OpenId: "u-1", Name: "张三", IdCardType: "ID_CARD", IdCardNumber: "440301198001010010", Mobile: "15012340702"}
	id := do(p, api.CreateUser, req).UserId
	refused(p, api.CodeFailedOperationAccountAlreadyExists, api.CreateUser, req)
	users := do(p, api.DescribeUsers, &api.DescribeUsersRequest{UserIds: []string{"nobody", id}}).Users
	if len(users) != 1 {
		t.Fatalf("%d users", len(users))
	}
	if u := users[0]; u.VerifyStatus != 0 || u.Mobile != "150****0702" || u.IdCardNumber != "4****************0" || u.Name != "张三" || u.CreatedOn == 0 {
		t.Errorf("%+v", u)
	}
	refused(p, unknown, api.VerifyUser, &api.VerifyUserRequest{UserId: "nobody"})
	if got := do(p, api.VerifyUser, &api.VerifyUserRequest{UserId: id, CertificateRequired: true}).UserId; got != id {
		t.Errorf("UserId = %q", got)
	}
	users = do(p, api.DescribeUsers, &api.DescribeUsersRequest{UserIds: []string{id}}).Users
	if users[0].VerifyStatus != 1 || users[0].VerifiedOn == 0 {
		t.Errorf("%+v", users[0])
	}
}

func TestSeals(t *testing.T) {
	p := start(t)
	q := p.party(0)
	describe := func(id string) api.Seal {
		return do(p, api.DescribeSeals, &api.DescribeSealsRequest{SealIds: []string{id}}).Seals[0]
	}
	if s := describe(q.seal); !s.DefaultSeal || s.SealSource != "GENERATE" || s.SealType != "CONTRACT" || s.UserId != "" {
		t.Errorf("%+v", s)
	}
	invoice := do(p, api.GenerateOrganizationSeal, &api.GenerateOrganizationSealRequest{Caller: q.caller(), SealType: "SPECIAL_NATIONWIDE_INVOICE", SourceIp: "127.0.0.1"}).SealId
	if s := describe(invoice); s.DefaultSeal || s.SealName != "发票专用章" || s.Creator.OperatorId != q.user {
		t.Errorf("%+v", s)
	}
	uploaded := do(p, api.CreateSeal, &api.CreateSealRequest{Caller: q.caller(), SealType: "OFFICIAL", SealName: "扫描公章", SourceIp: "127.0.0.1",
		Image: base64.StdEncoding.EncodeToString(picture(300, 300)), IsDefault: true}).SealId
	s := describe(uploaded)
	if !s.DefaultSeal || s.SealSource != "CREATE" || describe(q.seal).DefaultSeal {
		t.Errorf("IsDefault did not move the default: %+v", s)
	}
	if code, data := p.get(s.FileUrl.Url); code != 200 || !strings.HasPrefix(string(data), "\x89PNG") || !strings.Contains(s.FileUrl.Option, "width") {
		t.Errorf("the seal's picture: %d %s", code, s.FileUrl.Option)
	}
	do(p, api.ModifyOrganizationDefaultSeal, &api.ModifyOrganizationDefaultSealRequest{Caller: q.caller(), SealId: invoice, SourceIp: "127.0.0.1"})
	if !describe(invoice).DefaultSeal || describe(uploaded).DefaultSeal {
		t.Error("the default did not move")
	}
	refused(p, denied, api.ModifyOrganizationDefaultSeal, &api.ModifyOrganizationDefaultSealRequest{Caller: q.caller(), SealId: q.handwriting, SourceIp: "127.0.0.1"})

	refused(p, denied, api.GenerateUserSeal, &api.GenerateUserSealRequest{Caller: q.caller(), UserId: q.user, SourceIp: "127.0.0.1"})
	personal := do(p, api.CreateSeal, &api.CreateSealRequest{Caller: q.caller(), SealType: "PERSONAL", SealName: "手写", SourceIp: "127.0.0.1", UserId: q.user,
		FileId: do(p, api.UploadFiles, &api.UploadFilesRequest{Caller: q.caller(), BusinessType: "SEAL",
			FileInfos: []api.UploadFile{{FileBody: base64.StdEncoding.EncodeToString(picture(300, 100)), FileName: "s.png"}}}).FileIds[0]}).SealId
	if s := describe(personal); s.UserId != q.user || s.DefaultSeal {
		t.Errorf("%+v", s)
	}
	refused(p, value, api.CreateSeal, &api.CreateSealRequest{Caller: q.caller(), SealType: "OFFICIAL", SealName: "x", SourceIp: "127.0.0.1", FileId: p.upload(q, contract(t))})
	refused(p, unknown, api.CreateSeal, &api.CreateSealRequest{Caller: q.caller(), SealType: "OFFICIAL", SealName: "x", SourceIp: "127.0.0.1", FileId: "nothing"})
	refused(p, unknown, api.DescribeSeals, &api.DescribeSealsRequest{SealIds: []string{personal}, UserId: "another"})
	main := do(p, api.GenerateOrganizationSeal, &api.GenerateOrganizationSealRequest{SealType: "OFFICIAL", SourceIp: "127.0.0.1"}).SealId
	if !describe(main).DefaultSeal {
		t.Error("the first seal of the application itself is no default")
	}
}

func TestAnUnknownGlyphIsNamed(t *testing.T) {
	p := start(t)
	req := organizationRequest("rare")
	req.Name = "深圳市\U0002B7A0\U0002EBD0贸易有限公司"
	q := party{organization: do(p, api.CreateSubOrganization, req).SubOrganizationId}
	message := refused(p, api.CodeFailedOperationGenerateOrgSeal, api.GenerateOrganizationSeal,
		&api.GenerateOrganizationSealRequest{Caller: q.caller(), SealType: "OFFICIAL", SourceIp: "127.0.0.1"})
	if !strings.Contains(message, "\U0002EBD0 (U+2EBD0)") {
		t.Errorf("the message does not name the character: %s", message)
	}
	message = refused(p, api.CodeFailedOperationGenerateUserSeal, api.CreateUserAndSeal, &api.CreateUserAndSealRequest{OpenId: "rare", Name: "王\U0002EBD0",
		IdCardType: "ID_CARD", IdCardNumber: "440301198001010010", SourceIp: "127.0.0.1"})
	if !strings.Contains(message, "U+2EBD0") {
		t.Errorf("the message does not name the character: %s", message)
	}
	if n, err := p.engine.Count(t.Context(), "engine_users"); err != nil || n != 0 {
		t.Errorf("%d people half made, %v", n, err)
	}
}
