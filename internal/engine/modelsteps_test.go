package engine_test

import (
	"fmt"
	"time"

	"sealdesk/internal/api"
)

// Each step below chooses an action at random, legal or not, asks the model for the answer, and calls.

// steps with how often each is taken, in parts of their sum. Signatures are rare: they cost a hundred times of the others.
func (w *walk) steps() map[string]weighted {
	return map[string]weighted{
		"organization": {2, w.newOrganization}, "verify organization": {5, w.verifyOrganization}, "rename organization": {1, w.renameOrganization},
		"person": {3, w.newPerson}, "verify person": {9, w.verifyPerson}, "rename person": {1, w.renamePerson},
		"seal": {5, w.newSeal}, "generate": {1, w.generate}, "delete seal": {5, w.deleteSeal}, "default": {3, w.moveDefault},
		"upload": {2, w.upload}, "create": {14, w.create}, "send": {26, w.send}, "sign": {22, w.sign}, "silent": {2, w.signSilently},
		"reject": {3, w.reject}, "link": {5, w.link}, "preview": {4, w.preview}, "cancel": {3, w.cancel}, "archive": {8, w.archive},
		"destroy": {5, w.destroy}, "files": {4, w.readFiles}, "time": {4, w.pass},
	}
}

func (w *walk) newOrganization() {
	if len(w.orgs) >= 6 {
		return
	}
	number, want := fmt.Sprintf("91440300MA5EXAM%02dF", len(w.orgs)), ""
	if len(w.orgs) > 0 && w.chance(3) {
		number, want = pick(w, w.orgs).number, api.CodeFailedOperationOrgIdCardNumberAlreadyExists
	}
	try(w, api.CreateSubOrganization, &api.CreateSubOrganizationRequest{Name: "示例科技", IdCardType: "USCC", IdCardNumber: number, OrganizationType: "ENTERPRISE",
		LegalName: "王小明", LegalIdCardType: "ID_CARD", LegalIdCardNumber: "110101199003074418"}, want, "organization.create",
		func(r *api.CreateSubOrganizationResponse) {
			w.orgs = append(w.orgs, &modelOrg{id: r.SubOrganizationId, number: number})
		})
}

func (w *walk) verifyOrganization() {
	o, evidence := pick(w, w.orgs), "organization.verify"
	if o.verified {
		evidence = ""
	}
	try(w, api.VerifySubOrganization, &api.VerifySubOrganizationRequest{Caller: api.Caller{SubOrganizationId: o.id}}, "", evidence,
		func(*api.VerifySubOrganizationResponse) { o.verified = true })
}

func (w *walk) renameOrganization() {
	o := pick(w, w.orgs)
	try(w, api.ModifySubOrganizationInfo, &api.ModifySubOrganizationInfoRequest{Caller: api.Caller{SubOrganizationId: o.id}, Name: fmt.Sprintf("示例科技%d", w.n)},
		"", "organization.modify", func(*api.ModifySubOrganizationInfoResponse) { o.verified = false })
}

func (w *walk) newPerson() {
	if len(w.users) >= 8 {
		return
	}
	openID, want := fmt.Sprintf("person-%d", w.n), ""
	if w.chance(4) {
		openID, want = pick(w, w.users).openID, api.CodeFailedOperationAccountAlreadyExists
	}
	try(w, api.CreateUser, &api.CreateUserRequest{OpenId: openID, Name: "李娜", IdCardType: "ID_CARD", IdCardNumber: "110101199003074418"}, want, "user.create",
		func(r *api.CreateUserResponse) { w.users = append(w.users, &modelUser{id: r.UserId, openID: openID}) })
}

func (w *walk) verifyPerson() {
	u, evidence := pick(w, w.users), "user.verify"
	if u.verified {
		evidence = ""
	}
	try(w, api.VerifyUser, &api.VerifyUserRequest{UserId: u.id}, "", evidence, func(*api.VerifyUserResponse) { u.verified = true })
}

func (w *walk) renamePerson() {
	u := pick(w, w.users)
	try(w, api.ModifyUser, &api.ModifyUserRequest{UserId: u.id, Name: fmt.Sprintf("李娜%d", w.n)}, "", "user.modify",
		func(*api.ModifyUserResponse) { u.verified = false })
}

// owner is a person or an organisation; one of the two is empty.
func (w *walk) owner() (user, org string) {
	if w.chance(2) {
		return "", pick(w, w.orgs).id
	}
	return pick(w, w.users).id, ""
}

func (w *walk) newSeal() {
	user, org := w.owner()
	kind, isDefault := "CONTRACT", w.chance(3)
	if user != "" {
		kind = "PERSONAL"
	}
	evidence := "seal.create"
	if isDefault || w.defaults[user+org] == "" {
		evidence = "seal.default"
	}
	try(w, api.CreateSeal, &api.CreateSealRequest{Caller: api.Caller{OperatorId: pick(w, w.users).id, SubOrganizationId: org}, SealType: kind, SealName: "章",
		UserId: user, Image: w.picture, IsDefault: isDefault, SourceIp: "127.0.0.1"}, "", evidence,
		func(r *api.CreateSealResponse) { w.addSeal(&modelSeal{id: r.SealId, owner: user + org}, isDefault) })
}

func (w *walk) generate() {
	u := pick(w, w.users)
	evidence := "seal.create"
	if w.defaults[u.id] == "" {
		evidence = "seal.default"
	}
	try(w, api.GenerateUserSeal, &api.GenerateUserSealRequest{UserId: u.id, SourceIp: "127.0.0.1"}, w.canGenerate(u.id), evidence,
		func(r *api.GenerateUserSealResponse) {
			w.addSeal(&modelSeal{id: r.SealId, owner: u.id, generated: true}, false)
		})
}

func (w *walk) deleteSeal() {
	user, org := w.owner()
	s := pick(w, w.seals)
	if !w.chance(4) {
		user, org = s.owner, ""
		if w.user(s.owner) == nil {
			user, org = "", s.owner
		}
	}
	try(w, api.DeleteSeal, &api.DeleteSealRequest{Caller: api.Caller{SubOrganizationId: org}, SealId: s.id, UserId: user, SourceIp: "127.0.0.1"}, w.canDelete(s, user+org, w.now()),
		"seal.delete", func(*api.DeleteSealResponse) { w.seals = without(w.seals, s) })
}

func (w *walk) moveDefault() {
	s, want := pick(w, w.seals), ""
	if w.user(s.owner) == nil {
		org := s.owner
		if w.chance(3) {
			org = pick(w, w.orgs).id
		}
		if org != s.owner {
			want = refusedState
		}
		try(w, api.ModifyOrganizationDefaultSeal, &api.ModifyOrganizationDefaultSealRequest{Caller: api.Caller{SubOrganizationId: org}, SealId: s.id, SourceIp: "127.0.0.1"}, want,
			"seal.default", func(*api.ModifyOrganizationDefaultSealResponse) { w.defaults[s.owner] = s.id })
		return
	}
	user := s.owner
	if w.chance(3) {
		user = pick(w, w.users).id
	}
	if user != s.owner {
		want = refusedState
	}
	try(w, api.ModifyUserDefaultSeal, &api.ModifyUserDefaultSealRequest{UserId: user, SealId: s.id, SourceIp: "127.0.0.1"}, want, "seal.default",
		func(*api.ModifyUserDefaultSealResponse) { w.defaults[s.owner] = s.id })
}

func (w *walk) upload() {
	try(w, api.UploadFiles, &api.UploadFilesRequest{Caller: api.Caller{OperatorId: pick(w, w.users).id}, BusinessType: "FLOW",
		FileInfos: []api.UploadFile{{FileBody: w.pdf, FileName: "合同.pdf"}}}, "", "file.upload",
		func(r *api.UploadFilesResponse) { w.files = append(w.files, &modelFile{id: r.FileIds[0]}) })
}

func (w *walk) create() {
	file, user, org := pickLate(w, w.files), pick(w, w.users).id, w.someOrg()
	f := &modelFlow{user: user, org: org, file: file, deadline: w.now().Add(time.Duration(1+w.random.IntN(20)) * 24 * time.Hour)}
	try(w, api.CreateFlowByFiles, &api.CreateFlowByFilesRequest{Caller: api.Caller{OperatorId: user, SubOrganizationId: org}, FileIds: []string{file.id},
		FlowInfo: api.FlowInfo{FlowName: "采购合同", Deadline: f.deadline.Unix()}}, w.canCreate(file), "flow.create",
		func(r *api.CreateFlowByFilesResponse) { f.id = r.FlowId; w.flows = append(w.flows, f); w.touched = f })
}

// callerFor is the initiator of a flow, or now and then somebody who acts for another organisation.
func (w *walk) callerFor(f *modelFlow) api.Caller {
	by := api.Caller{OperatorId: f.user, SubOrganizationId: f.org}
	if w.chance(6) {
		by.SubOrganizationId = w.someOrg()
	}
	return by
}

func (w *walk) send() {
	f, user, org := w.flow(), pick(w, w.users).id, w.someOrg()
	t := &modelTask{user: user, org: org, last: w.chance(4), deadline: w.now().Add(time.Duration(w.random.IntN(9)) * 24 * time.Hour)}
	area := api.Component{ComponentId: "hand", ComponentType: "SIGN_SIGNATURE", ComponentPage: 1, ComponentPosX: float64(40 + 100*(len(f.tasks)%5)),
		ComponentPosY: float64(40 + 40*(len(f.tasks)/5%16)), ComponentWidth: 90, ComponentHeight: 30}
	named := w.chance(2)
	if named {
		area.ComponentValue, t.seal = "USER_DEFAULT_SEAL", w.defaults[user]
	}
	by := w.callerFor(f)
	try(w, api.SendFlow, &api.SendFlowRequest{Caller: by, FlowId: f.id, UserId: user, SubOrganizationId: org, VerifyChannel: []string{"NONE"},
		IsLastApprover: t.last, Deadline: t.deadline.Unix(), SignComponents: []api.Component{area}}, w.canSend(f, by.SubOrganizationId, user, org, named, t.deadline, w.now()), "flow.send",
		func(r *api.SendFlowResponse) { t.id, f.state = r.SignId, signing; f.tasks = append(f.tasks, t) })
}

func (w *walk) sign() {
	f := w.flow()
	for try := 0; try < 4 && f.status(w.now()) != signing; try++ {
		f = w.flow()
	}
	user, org := w.signer(f)
	channel := "NONE"
	if w.chance(5) {
		channel = "VERIFYCODE"
	}
	try(w, api.SignFlow, &api.SignFlowRequest{Caller: api.Caller{OperatorId: user, SubOrganizationId: org}, FlowId: f.id, VerifyChannel: channel, VerifyResult: "000000", SourceIp: "203.0.113.7",
		SignSeals: []api.SignSeal{{ComponentId: "hand", SignType: "SIGN_SIGNATURE"}}},
		w.canSign(f, user, org, channel == "NONE", w.now()), "flow.sign",
		func(*api.SignFlowResponse) { f.sign(f.open(user, org, w.now())); w.signedNow = true })
}

func (w *walk) signSilently() {
	f := w.flow()
	user, org := f.user, f.org
	if w.chance(3) {
		user = pick(w, w.users).id
	}
	area := api.Component{ComponentId: fmt.Sprintf("silent-%d", w.n), ComponentType: "SIGN_SIGNATURE", ComponentPage: 1, ComponentPosX: 40, ComponentPosY: 700, ComponentWidth: 90, ComponentHeight: 30}
	want := w.canSignSilently(f, user, org, w.now())
	if want == "" && w.defaults[user] == "" {
		want = refusedValue
	}
	try(w, api.CreateServerFlowSign, &api.CreateServerFlowSignRequest{Caller: api.Caller{OperatorId: user, SubOrganizationId: org}, FlowId: f.id, SourceIp: "203.0.113.7",
		SignComponents: []api.Component{area}}, want, "flow.sign", func(*api.CreateServerFlowSignResponse) {
		t := f.open(user, org, w.now())
		if t == nil {
			t = &modelTask{user: user, org: org, deadline: f.deadline}
			f.tasks = append(f.tasks, t)
		}
		f.sign(t)
		w.signedNow = true
	})
}

func (w *walk) reject() {
	f := w.flow()
	user, org := w.signer(f)
	try(w, api.RejectFlow, &api.RejectFlowRequest{Caller: api.Caller{OperatorId: user, SubOrganizationId: org}, FlowId: f.id, VerifyChannel: "NONE", SourceIp: "203.0.113.7",
		RejectMessage: "不同意"}, w.canAct(f, user, org, w.now()), "flow.reject",
		func(*api.RejectFlowResponse) { f.open(user, org, w.now()).state = taskRejected; f.state = rejected })
}

func (w *walk) link() {
	f := w.flow()
	if len(f.tasks) == 0 {
		return
	}
	t := pick(w, f.tasks)
	if t.id == "" { // a silent signature's: nobody was told its id
		return
	}
	try(w, api.CreateSignUrl, &api.CreateSignUrlRequest{FlowId: f.id, UserId: t.user, SignId: t.id, Deadline: w.now().Add(time.Hour).Unix()},
		w.canLink(f, t, w.now()), "link.sign", func(*api.CreateSignUrlResponse) {})
}

func (w *walk) preview() {
	f := w.flow()
	try(w, api.CreatePreviewSignUrl, &api.CreatePreviewSignUrlRequest{FlowId: f.id, Deadline: w.now().Add(time.Hour).Unix()}, w.canPreview(f, w.now()), "link.preview",
		func(*api.CreatePreviewSignUrlResponse) {})
}

func (w *walk) cancel() {
	f := w.flow()
	by := w.callerFor(f)
	if w.chance(3) {
		by.OperatorId = pick(w, w.users).id
	}
	try(w, api.CancelFlow, &api.CancelFlowRequest{Caller: by, FlowId: f.id}, w.canCancel(f, by, w.now()), "flow.cancel",
		func(*api.CancelFlowResponse) { f.cancel(w.now()) })
}

func (w *walk) archive() {
	f := w.flow()
	by := w.callerFor(f)
	try(w, api.ArchiveFlow, &api.ArchiveFlowRequest{Caller: by, FlowId: f.id}, w.canArchive(f, by.SubOrganizationId, w.now()), "flow.archive",
		func(*api.ArchiveFlowResponse) { f.state = archived })
}

func (w *walk) destroy() {
	f := w.flow()
	try(w, api.DestroyFlowFile, &api.DestroyFlowFileRequest{FlowId: f.id}, w.canDestroy(f, w.now()), "flow.destroy",
		func(*api.DestroyFlowFileResponse) { w.model.destroy(f) })
}

func (w *walk) readFiles() {
	f, want := w.flow(), ""
	if f.state == destroyed {
		want = refusedGone
	}
	try(w, api.DescribeFileUrls, &api.DescribeFileUrlsRequest{BusinessIds: []string{f.id}, BusinessType: "FLOW"}, want, "", func(*api.DescribeFileUrlsResponse) {})
}

// pass lets hours or days go by, now and then to the very second of a deadline.
func (w *walk) pass() {
	by := time.Duration(1+w.random.IntN(72)) * time.Hour
	if f := w.flow(); w.chance(3) && f.deadline.After(w.now()) {
		by = f.deadline.Sub(w.now())
	}
	w.clock.Add(by)
	w.note("%s pass", by)
}
