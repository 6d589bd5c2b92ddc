package engine_test

import (
	"encoding/base64"
	"testing"

	"sealdesk/internal/api"
)

func TestOrganizationIsModified(t *testing.T) {
	p := start(t)
	id := do(p, api.CreateSubOrganization, organizationRequest("org-1")).SubOrganizationId
	other := organizationRequest("org-2")
	other.IdCardNumber = "91330100MA2EXAMP4X"
	do(p, api.CreateSubOrganization, other)
	do(p, api.VerifySubOrganization, &api.VerifySubOrganizationRequest{OpenId: "org-1"})
	describe := func() api.SubOrganizationDetail {
		return do(p, api.DescribeSubOrganizations, &api.DescribeSubOrganizationsRequest{SubOrganizationIds: []string{id}}).SubOrganizationInfos[0]
	}
	before := describe()

	got := do(p, api.ModifySubOrganizationInfo, &api.ModifySubOrganizationInfoRequest{OpenId: "org-1", OrganizationType: "OTHERS", LegalName: "孙悦",
		LegalIdCardType: "PASSPORT", LegalIdCardNumber: "E12345678", LegalMobile: "13900001111", ContactName: "周强", Email: "b@example.com", BizLicenseFileName: "new.png",
		ContactAddress: &api.Address{Province: "上海", City: "上海", County: "黄浦", Details: "人民广场"}, Name: before.Name})
	if got.SubOrganizationId != id {
		t.Errorf("SubOrganizationId = %q", got.SubOrganizationId)
	}
	d := describe()
	if d.OrganizationType != "OTHERS" || d.LegalName != "孙悦" || d.LegalIdCardType != "PASSPORT" || d.LegalIdCardNumber != "E*******8" || d.LegalMobile != "139****1111" ||
		d.ContactName != "周强" || d.Email != "b@example.com" || d.BizLicenseFileName != "new.png" || d.ContactAddress.Details != "人民广场" || d.UpdatedOn == 0 {
		t.Errorf("a change is lost: %+v", d)
	}
	if d.VerifyStatus != "Verified" || d.IdCardNumber != before.IdCardNumber || d.IdCardFileType != before.IdCardFileType {
		t.Errorf("what was not named has changed: %+v", d)
	}
	for name, req := range map[string]*api.ModifySubOrganizationInfoRequest{
		"name":    {Name: "杭州改名贸易有限公司"},
		"licence": {BizLicenseFile: base64.StdEncoding.EncodeToString(picture(210, 100))},
	} {
		do(p, api.VerifySubOrganization, &api.VerifySubOrganizationRequest{Caller: api.Caller{SubOrganizationId: id}})
		req.Caller.SubOrganizationId = id
		do(p, api.ModifySubOrganizationInfo, req)
		if d := describe(); d.VerifyStatus != "NotVerified" || d.VerifiedOn != 0 {
			t.Errorf("a new %s left the organisation verified: %+v", name, d)
		}
	}
	refused(p, api.CodeFailedOperationOpenIdAlreadyExists, api.ModifySubOrganizationInfo,
		&api.ModifySubOrganizationInfoRequest{Caller: api.Caller{SubOrganizationId: id}, OpenId: "org-2"})
	do(p, api.ModifySubOrganizationInfo, &api.ModifySubOrganizationInfoRequest{Caller: api.Caller{SubOrganizationId: id}, OpenId: "org-3"})
	do(p, api.ModifySubOrganizationInfo, &api.ModifySubOrganizationInfoRequest{OpenId: "org-3", Email: "c@example.com"})
	refused(p, unknown, api.ModifySubOrganizationInfo, &api.ModifySubOrganizationInfoRequest{OpenId: "org-1"})
	refused(p, unknown, api.ModifySubOrganizationInfo, &api.ModifySubOrganizationInfoRequest{Caller: api.Caller{SubOrganizationId: "nobody"}})
	refused(p, value, api.ModifySubOrganizationInfo, &api.ModifySubOrganizationInfoRequest{OpenId: "org-3", BizLicenseFile: "AAAA"})
}

func TestUserIsModified(t *testing.T) {
	p := start(t)
	id := do(p, api.CreateUser, &api.CreateUserRequest{OpenId: "u-1", Name: "张三", IdCardType: "ID_CARD", IdCardNumber: "440301198001010010"}).UserId
	do(p, api.VerifyUser, &api.VerifyUserRequest{UserId: id})
	describe := func() api.UserDescribe {
		return do(p, api.DescribeUsers, &api.DescribeUsersRequest{UserIds: []string{id}}).Users[0]
	}
	if got := do(p, api.ModifyUser, &api.ModifyUserRequest{OpenId: "u-1", Mobile: "15012340702", Email: "z@example.com", Name: "张三"}).UserId; got != id {
		t.Errorf("UserId = %q", got)
	}
	if u := describe(); u.Mobile != "150****0702" || u.VerifyStatus != 1 {
		t.Errorf("%+v", u)
	}
	do(p, api.ModifyUser, &api.ModifyUserRequest{UserId: id, OpenId: "somebody else's", Name: "张四"})
	if u := describe(); u.Name != "张四" || u.VerifyStatus != 0 || u.VerifiedOn != 0 || u.Mobile != "150****0702" {
		t.Errorf("%+v", u)
	}
	refused(p, unknown, api.ModifyUser, &api.ModifyUserRequest{UserId: "nobody", Name: "x"})
	refused(p, unknown, api.ModifyUser, &api.ModifyUserRequest{OpenId: "nobody", Name: "x"})
}

func TestSealsAreModifiedAndDeleted(t *testing.T) {
	p := start(t)
	q, other := p.party(0), p.party(1)
	describe := func(id string) api.Seal {
		return do(p, api.DescribeSeals, &api.DescribeSealsRequest{SealIds: []string{id}}).Seals[0]
	}
	const ip = "127.0.0.1"
	image := base64.StdEncoding.EncodeToString(picture(300, 300))

	do(p, api.ModifySeal, &api.ModifySealRequest{Caller: q.caller(), SourceIp: ip, SealName: "新名称"}) // the default
	if s := describe(q.seal); s.SealName != "新名称" || s.SealSource != "GENERATE" {
		t.Errorf("%+v", s)
	}
	do(p, api.ModifySeal, &api.ModifySealRequest{Caller: q.caller(), SourceIp: ip, SealId: q.handwriting, UserId: q.user, Image: image})
	if s := describe(q.handwriting); s.SealSource != "CREATE" || s.SealType != "PERSONAL" || s.SealName != "个人签名" {
		t.Errorf("%+v", s)
	}
	do(p, api.GenerateUserSeal, &api.GenerateUserSealRequest{Caller: q.caller(), UserId: q.user, SourceIp: ip}) // there is no generated one any more
	refused(p, unknown, api.ModifySeal, &api.ModifySealRequest{Caller: q.caller(), SourceIp: ip, SealId: q.handwriting, SealName: "x"})
	refused(p, unknown, api.ModifySeal, &api.ModifySealRequest{Caller: q.caller(), SourceIp: ip, SealId: other.seal, SealName: "x"})
	refused(p, unknown, api.ModifySeal, &api.ModifySealRequest{Caller: q.caller(), SourceIp: ip, FileId: "nothing"})
	refused(p, unknown, api.ModifySeal, &api.ModifySealRequest{Caller: api.Caller{OperatorId: q.user}, SourceIp: ip, SealName: "x"}) // the application has none
	refused(p, value, api.ModifySeal, &api.ModifySealRequest{Caller: q.caller(), SourceIp: ip, Image: "AAAA"})
	refused(p, api.CodeMissingParameter, api.ModifySeal, &api.ModifySealRequest{Caller: q.caller(), SourceIp: ip})

	spare := do(p, api.GenerateOrganizationSeal, &api.GenerateOrganizationSealRequest{Caller: q.caller(), SealType: "OFFICIAL", SourceIp: ip}).SealId
	remove := &api.DeleteSealRequest{Caller: q.caller(), SealId: q.seal, SourceIp: ip}
	refused(p, denied, api.DeleteSeal, remove) // the default
	flowID := p.flow(q)
	task := taskRequest(flowID, q, q, 200)
	task.SignComponents[0].ComponentValue = spare
	do(p, api.SendFlow, task)
	remove.SealId = spare
	refused(p, denied, api.DeleteSeal, remove) // awaited
	sign := signRequest(flowID, "", q)
	sign.SignSeals[0].SealId = spare
	do(p, api.SignFlow, sign)
	do(p, api.DeleteSeal, remove)
	refused(p, unknown, api.DeleteSeal, remove)
	refused(p, unknown, api.DescribeSeals, &api.DescribeSealsRequest{SealIds: []string{spare}})
	approver := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: flowID}).Approvers[0]
	if approver.ComponentSeals[0].SealId != spare {
		t.Errorf("the seal that was used is forgotten: %+v", approver.ComponentSeals)
	}
	refused(p, unknown, api.DeleteSeal, &api.DeleteSealRequest{Caller: q.caller(), SealId: q.handwriting, SourceIp: ip}) // personal, without UserId
}

func TestDefaultSealsMove(t *testing.T) {
	p := start(t)
	q, other := p.party(0), p.party(1)
	drawn := do(p, api.CreateSeal, &api.CreateSealRequest{Caller: q.caller(), SealType: "PERSONAL", SealName: "手写", SourceIp: "127.0.0.1", UserId: q.user,
		Image: base64.StdEncoding.EncodeToString(picture(300, 100))}).SealId
	move := &api.ModifyUserDefaultSealRequest{Caller: q.caller(), UserId: q.user, SealId: drawn, SourceIp: "127.0.0.1"}
	do(p, api.ModifyUserDefaultSeal, move)
	seals := do(p, api.DescribeSeals, &api.DescribeSealsRequest{SealIds: []string{drawn, q.handwriting}, UserId: q.user}).Seals
	if !seals[0].DefaultSeal || seals[1].DefaultSeal {
		t.Errorf("%+v", seals)
	}
	move.SealId = other.handwriting
	refused(p, denied, api.ModifyUserDefaultSeal, move)
	move.SealId = "nothing"
	refused(p, unknown, api.ModifyUserDefaultSeal, move)
	move.UserId = "nobody"
	refused(p, unknown, api.ModifyUserDefaultSeal, move)
	organization := &api.ModifyOrganizationDefaultSealRequest{Caller: q.caller(), SealId: other.seal, SourceIp: "127.0.0.1"}
	refused(p, denied, api.ModifyOrganizationDefaultSeal, organization)
	organization.SealId = "nothing"
	refused(p, unknown, api.ModifyOrganizationDefaultSeal, organization)
}
