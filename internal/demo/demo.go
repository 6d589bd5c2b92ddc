// Package demo does the main job over the same signed API calls that any program would make: two organisations, their people and
// seals, a contract, two signatures, an archive. The command `demo` leaves its results as files; `serve --demo` fills a new portal with it.
package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/font"
	"sealdesk/internal/pdf"
	"sealdesk/internal/seal"
)

// Options are what the job needs.
type Options struct {
	Client *api.Client
	Face   *font.Face
	// Download fetches a link that the platform gave.
	Download func(ctx context.Context, url string) ([]byte, error)
	// Step is told of each finished step: its catalogue key and how long it took.
	Step  func(key string, took time.Duration)
	Clock func() time.Time
	// ShowFace passes the simulated face check of whoever a signing link is for, and gives its ticket. Without it nobody's identity is
	// checked, which a portal does not let pass for others than its own people.
	ShowFace func(ctx context.Context, link string) (ticket string, err error)
}

// channels are how a side shows its will. The first signs its own contract; whom it sends the contract to must prove who they are.
func (o *Options) channels(i int) []string {
	if i == 0 || o.ShowFace == nil {
		return []string{api.VerifyChannelNone}
	}
	return []string{api.VerifyChannelFace, api.VerifyChannelCode}
}

// showWill gives the channel of one side's signature or refusal, and its ticket.
func (o *Options) showWill(ctx context.Context, i int, p Party, flowID, signID string) (channel, ticket string, err error) {
	if channel = o.channels(i)[0]; channel == api.VerifyChannelNone {
		return channel, "", nil
	}
	resp, err := api.CreateSignUrl.Call(ctx, o.Client, &api.CreateSignUrlRequest{
		Caller: api.Caller{SubOrganizationId: p.Organization, OperatorId: p.Person}, UserId: p.Person, FlowId: flowID, SignId: signID,
		Deadline: o.Clock().Add(time.Hour).Unix(),
	})
	if err != nil {
		return "", "", err
	}
	ticket, err = o.ShowFace(ctx, resp.SignUrl)
	return channel, ticket, err
}

// Result is what the main job leaves.
type Result struct {
	FlowID   string
	Original []byte // the contract before signing
	Contract []byte // signed by both sides and archived
	Seals    []Seal
	Parties  [2]Party
}

// Seal is one of the seals that the platform made, with what it was made of.
type Seal struct {
	Name string // for a file, without an ending
	PNG  []byte
	Spec seal.Spec
}

// Party is one side of the contract: an organisation, the person who signs for it, and their seals.
type Party struct {
	Organization, OrganizationName string
	Person, PersonName             string
	OrganizationSeal, PersonSeal   string
}

// localAddress is where the calls of the demo come from, for fields that ask for the caller's address.
const localAddress = "127.0.0.1"

// sample is what one side registers. The numbers have right check digits and belong to nobody.
type sample struct {
	name, number, person, idCard, mobile string
}

var samples = [2]sample{
	{"深圳市示例科技有限公司", "91440300MA5EXAMP1F", "王小明", "440301198001010018", "13800000001"},
	{"北京样例软件有限责任公司", "91110108MA01EXAM2F", "李娜", "110101198503072027", "13800000002"},
}

// job carries the main job through its steps.
type job struct {
	Options
	result  Result
	anchors map[string]pdf.Anchor
	fileID  string
	signIDs [2]string
}

// Run does the main job from end to end.
func Run(ctx context.Context, o Options) (*Result, error) {
	j := &job{Options: o}
	steps := []struct {
		key string
		run func(context.Context) error
	}{
		{"cli.demo.organizations", j.registerOrganizations},
		{"cli.demo.people", j.registerPeople},
		{"cli.demo.seals", j.makeSeals},
		{"cli.demo.contract", j.composeContract},
		{"cli.demo.upload", j.upload},
		{"cli.demo.create", j.createFlow},
		{"cli.demo.send_first", func(ctx context.Context) error { return j.send(ctx, 0, sideA) }},
		{"cli.demo.send_second", func(ctx context.Context) error { return j.send(ctx, 1, sideB) }},
		{"cli.demo.sign_first", func(ctx context.Context) error { return j.sign(ctx, 0, sideA) }},
		{"cli.demo.sign_second", func(ctx context.Context) error { return j.sign(ctx, 1, sideB) }},
		{"cli.demo.archive", j.archive},
		{"cli.demo.download", j.download},
	}
	for _, step := range steps {
		start := time.Now()
		if err := step.run(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", step.key, err)
		}
		j.Step(step.key, time.Since(start))
	}
	return &j.result, nil
}

// registerOrganizations makes the first organisation step by step and the second in one call, as the platform offers both.
func (j *job) registerOrganizations(ctx context.Context) error {
	first, err := registerOrganization(ctx, j.Client, samples[0])
	if err != nil {
		return err
	}
	j.result.Parties[0] = Party{Organization: first, OrganizationName: samples[0].name}

	second, err := registerOrganizationAndSeal(ctx, j.Client, samples[1])
	if err != nil {
		return err
	}
	j.result.Parties[1] = second
	return nil
}

func registerOrganization(ctx context.Context, c *api.Client, s sample) (string, error) {
	created, err := api.CreateSubOrganization.Call(ctx, c, &api.CreateSubOrganizationRequest{
		Name: s.name, IdCardType: "USCC", IdCardNumber: s.number, OrganizationType: "ENTERPRISE",
		LegalName: s.person, LegalIdCardType: "ID_CARD", LegalIdCardNumber: s.idCard,
		LegalMobile: s.mobile, ContactName: s.person,
	})
	if err != nil {
		return "", err
	}
	_, err = api.VerifySubOrganization.Call(ctx, c, &api.VerifySubOrganizationRequest{
		Caller: api.Caller{SubOrganizationId: created.SubOrganizationId},
	})
	return created.SubOrganizationId, err
}

func registerOrganizationAndSeal(ctx context.Context, c *api.Client, s sample) (Party, error) {
	created, err := api.CreateSubOrganizationAndSeal.Call(ctx, c, &api.CreateSubOrganizationAndSealRequest{
		Name: s.name, IdCardType: "USCC", IdCardNumber: s.number, OrganizationType: "ENTERPRISE",
		LegalName: s.person, LegalIdCardType: "ID_CARD", LegalIdCardNumber: s.idCard,
		VerifyClientIp: localAddress, SealType: "CONTRACT", SealHorizontalText: "合同专用章", SealName: "合同专用章",
	})
	if err != nil {
		return Party{}, err
	}
	return Party{Organization: created.SubOrganizationId, OrganizationName: s.name, OrganizationSeal: created.SealId}, nil
}

func (j *job) registerPeople(ctx context.Context) error {
	for i, s := range samples {
		person, err := registerPerson(ctx, j.Client, fmt.Sprintf("demo-person-%d", i+1), s)
		if err != nil {
			return err
		}
		j.result.Parties[i].Person, j.result.Parties[i].PersonName = person, s.person
	}
	return nil
}

func registerPerson(ctx context.Context, c *api.Client, openID string, s sample) (string, error) {
	created, err := api.CreateUser.Call(ctx, c, &api.CreateUserRequest{
		OpenId: openID, Name: s.person, IdCardType: "ID_CARD", IdCardNumber: s.idCard, Mobile: s.mobile,
	})
	if err != nil {
		return "", err
	}
	_, err = api.VerifyUser.Call(ctx, c, &api.VerifyUserRequest{UserId: created.UserId})
	return created.UserId, err
}

func (j *job) makeSeals(ctx context.Context) error {
	first := &j.result.Parties[0]
	made, err := api.GenerateOrganizationSeal.Call(ctx, j.Client, &api.GenerateOrganizationSealRequest{
		Caller: api.Caller{SubOrganizationId: first.Organization, OperatorId: first.Person}, SealType: "OFFICIAL",
		SealName: "公章", SourceIp: localAddress, IsDefault: true,
	})
	if err != nil {
		return err
	}
	first.OrganizationSeal = made.SealId
	for i := range j.result.Parties {
		p := &j.result.Parties[i]
		made, err := api.GenerateUserSeal.Call(ctx, j.Client, &api.GenerateUserSealRequest{
			UserId: p.Person, SourceIp: localAddress, SealName: p.PersonName, IsDefault: true,
		})
		if err != nil {
			return err
		}
		p.PersonSeal = made.SealId
	}
	return nil
}

func (j *job) composeContract(context.Context) error {
	data, anchors, err := composeContract(j.Face, samples[0].name, samples[1].name)
	j.result.Original, j.anchors = data, anchors
	return err
}

// initiator is the caller of everything that concerns the flow: the first organisation's person.
func (j *job) initiator() api.Caller {
	p := j.result.Parties[0]
	return api.Caller{SubOrganizationId: p.Organization, OperatorId: p.Person}
}

func (j *job) upload(ctx context.Context) error {
	resp, err := api.UploadFiles.Call(ctx, j.Client, &api.UploadFilesRequest{
		Caller: j.initiator(), BusinessType: "DOCUMENT",
		FileInfos: []api.UploadFile{{FileBody: base64.StdEncoding.EncodeToString(j.result.Original), FileName: "软件服务采购合同.pdf"}},
	})
	if err != nil {
		return err
	}
	j.fileID = resp.FileIds[0]
	return nil
}

func (j *job) createFlow(ctx context.Context) error {
	resp, err := api.CreateFlowByFiles.Call(ctx, j.Client, &api.CreateFlowByFilesRequest{
		Caller:   j.initiator(),
		FlowInfo: api.FlowInfo{FlowName: "软件服务采购合同", FlowType: "销售", Deadline: j.Clock().Add(14 * 24 * time.Hour).Unix()},
		FileIds:  []string{j.fileID},
	})
	if err != nil {
		return err
	}
	j.result.FlowID = resp.FlowId
	return nil
}

// marks are the three places that each side fills, and the component that asks for each.
var marks = []struct{ anchor, componentType string }{
	{"seal", "SIGN_SEAL"}, {"signature", "SIGN_SIGNATURE"}, {"date", "SIGN_DATE"},
}

func (j *job) components(side string) []api.Component {
	var all []api.Component
	for _, m := range marks {
		at := j.anchors[side+"."+m.anchor]
		all = append(all, api.Component{
			ComponentId: side + "-" + m.anchor, ComponentType: m.componentType, ComponentRequired: true, ComponentPage: int64(at.Page),
			ComponentPosX: at.X, ComponentPosY: at.Y, ComponentWidth: at.Width, ComponentHeight: at.Height,
		})
	}
	return all
}

func (j *job) send(ctx context.Context, i int, side string) error {
	p := j.result.Parties[i]
	resp, err := api.SendFlow.Call(ctx, j.Client, &api.SendFlowRequest{
		Caller: j.initiator(), FlowId: j.result.FlowID, UserId: p.Person, SubOrganizationId: p.Organization,
		VerifyChannel: j.channels(i), SignComponents: j.components(side),
	})
	if err != nil {
		return err
	}
	j.signIDs[i] = resp.SignId
	return nil
}

func (j *job) sign(ctx context.Context, i int, side string) error {
	p := j.result.Parties[i]
	channel, ticket, err := j.showWill(ctx, i, p, j.result.FlowID, j.signIDs[i])
	if err != nil {
		return err
	}
	_, err = api.SignFlow.Call(ctx, j.Client, &api.SignFlowRequest{
		Caller: api.Caller{SubOrganizationId: p.Organization, OperatorId: p.Person}, FlowId: j.result.FlowID, SignId: j.signIDs[i],
		VerifyChannel: channel, VerifyResult: ticket, SourceIp: localAddress,
		SignSeals: signSeals(p, side),
	})
	return err
}

// signSeals fills a side's three marks.
func signSeals(p Party, side string) []api.SignSeal {
	return []api.SignSeal{
		{ComponentId: side + "-seal", SignType: "SIGN_SEAL", SealId: p.OrganizationSeal},
		{ComponentId: side + "-signature", SignType: "SIGN_SIGNATURE", SealId: p.PersonSeal},
		{ComponentId: side + "-date", SignType: "SIGN_DATE"},
	}
}

func (j *job) archive(ctx context.Context) error {
	_, err := api.ArchiveFlow.Call(ctx, j.Client, &api.ArchiveFlowRequest{Caller: j.initiator(), FlowId: j.result.FlowID})
	return err
}

func (j *job) download(ctx context.Context) error {
	contract, err := j.file(ctx, "FLOW", "PDF", j.result.FlowID)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(contract, j.result.Original) {
		return fmt.Errorf("the signed contract does not begin with the bytes that were uploaded")
	}
	j.result.Contract = contract
	for i, p := range j.result.Parties {
		for _, kind := range []struct {
			name, id string
			spec     seal.Spec
		}{
			{"organization", p.OrganizationSeal, organizationSeals[i](p.OrganizationName)},
			{"person", p.PersonSeal, seal.Spec{Kind: seal.Personal, Name: p.PersonName, Running: true}},
		} {
			picture, err := j.file(ctx, "SEAL", "", kind.id)
			if err != nil {
				return err
			}
			j.result.Seals = append(j.result.Seals, Seal{fmt.Sprintf("seal-%s-%d", kind.name, i+1), picture, kind.spec})
		}
	}
	return nil
}

// organizationSeals are the kinds of seal that the two organisations order.
var organizationSeals = [2]func(name string) seal.Spec{
	func(name string) seal.Spec { return seal.Spec{Kind: seal.Official, Name: name} },
	func(name string) seal.Spec {
		return seal.Spec{Kind: seal.Contract, Name: name, HorizontalText: "合同专用章"}
	},
}

func (j *job) file(ctx context.Context, businessType, fileType, id string) ([]byte, error) {
	resp, err := api.DescribeFileUrls.Call(ctx, j.Client, &api.DescribeFileUrlsRequest{
		Caller: j.initiator(), BusinessIds: []string{id}, BusinessType: businessType, FileType: fileType,
	})
	if err != nil {
		return nil, err
	}
	if len(resp.FileUrls) == 0 {
		return nil, fmt.Errorf("the platform gave no link for %s %s", businessType, id)
	}
	return j.Download(ctx, resp.FileUrls[0].Url)
}
