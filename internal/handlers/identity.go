package handlers

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// Checks of identity go to the platform and their answers to the page. Nothing of either is kept: the audit log has the calls with everything
// personal masked.

// maxFacePhoto is how large a photo of a face the page shows, in characters of base64.
const maxFacePhoto = 4 << 20

// identityTools are the checks that the account may make.
func identityTools(ctx context.Context) []string {
	tools := []string{templates.IdentityIDCard, templates.IdentityMobile, templates.IdentityBankCard, templates.IdentityFaceLink, templates.IdentityFaceCheck}
	if can(ctx, auth.IdentityFaces) {
		tools = append(tools, templates.IdentityFaces)
	}
	return tools
}

// mayCheck tells why a check is not among those that the account may make.
func mayCheck(tools []string, tool string) error {
	switch {
	case slices.Contains(tools, tool):
		return nil
	case tool == templates.IdentityFaces:
		return errForbidden
	default:
		return db.ErrNotFound
	}
}

// showIdentity shows the form of a check; the first where none is named.
func (s *server) showIdentity(w http.ResponseWriter, r *http.Request) error {
	d := templates.IdentityData{Tool: r.PathValue("tool")}
	if d.Tool == "" {
		d.Tool = templates.IdentityIDCard
	}
	d.Form.VerifyChannel = api.VerifyChannelFace
	return s.identityPage(w, r, http.StatusOK, d)
}

func (s *server) identityPage(w http.ResponseWriter, r *http.Request, status int, d templates.IdentityData) error {
	ctx := r.Context()
	d.Tools, d.Simulated, d.Unavailable = identityTools(ctx), s.simulated, s.checksNobody()
	if err := mayCheck(d.Tools, d.Tool); err != nil {
		return err
	}
	if d.NeedsPerson() {
		people, err := s.db.UserChoices(ctx, scope(ctx), "", d.Form.UserID)
		if err != nil {
			return err
		}
		d.People = namedUsers(people)
	}
	return s.render(w, r, status, page{Title: "identity.title", Active: "identity"}, templates.IdentityPage(d))
}

// checkIdentity makes a check and shows what came of it.
func (s *server) checkIdentity(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	d := templates.IdentityData{Tool: r.PathValue("tool")}
	if err := mayCheck(identityTools(ctx), d.Tool); err != nil {
		return err
	}
	if s.checksNobody() {
		return s.identityPage(w, r, http.StatusUnprocessableEntity, d)
	}
	var link string
	err := parseForm(r, &d.Form)
	if err == nil {
		d.Result, link, err = s.askIdentity(ctx, d.Tool, d.Form)
	}
	switch {
	case err == nil && link != "":
		return s.showLink(w, r, "identity", templates.FlowLink{Title: i18n.T(ctx, "identity.link"), URL: link, Hint: i18n.T(ctx, "identity.link.hint"),
			Back: templates.Link{URL: "/identity/" + d.Tool, Text: i18n.T(ctx, "common.back")}})
	case err == nil:
		return s.identityPage(w, r, http.StatusOK, d)
	}
	var ok bool
	if d.Problems, ok = problems(err); !ok {
		if d.Refusal, ok = s.refusal(r, err); !ok {
			return err
		}
	}
	return s.identityPage(w, r, http.StatusUnprocessableEntity, d)
}

// checksNobody tells that the platform is the engine in this program and serves for real: it has no register to ask.
func (s *server) checksNobody() bool { return s.platform.IsEmbedded() && !s.simulated }

// askIdentity sends the check to the platform. A check of a face begins with a link instead of a result.
func (s *server) askIdentity(ctx context.Context, tool string, f templates.IdentityForm) (res *templates.IdentityResult, link string, err error) {
	caller := api.Caller{}
	if f.UserID != "" {
		if _, err := s.db.User(ctx, scope(ctx), f.UserID); err != nil {
			return nil, "", unknownChoice("UserID", err)
		}
		caller.OperatorId = f.UserID
	}
	switch tool {
	case templates.IdentityIDCard:
		resp, err := api.CheckIdCardVerification.Call(ctx, s.client, &api.CheckIdCardVerificationRequest{Name: f.Name, IdCardNumber: f.IdCardNumber})
		if err != nil {
			return nil, "", err
		}
		return identityResult(ctx, "idcard", "CheckIdCardVerification", resp.Result), "", nil
	case templates.IdentityMobile:
		res, err = s.askMobile(ctx, f)
	case templates.IdentityBankCard:
		res, err = s.askBankCard(ctx, f)
	case templates.IdentityFaceLink:
		link, err = s.askFaceLink(ctx, caller, f)
	case templates.IdentityFaceCheck:
		resp, err := api.CheckFaceIdentify.Call(ctx, s.client, &api.CheckFaceIdentifyRequest{Caller: caller, VerifyChannel: f.VerifyChannel, VerifyResult: f.VerifyResult,
			Name: f.Name, IdCardNumber: f.IdCardNumber})
		if err != nil {
			return nil, "", err
		}
		return identityResult(ctx, "face", "CheckFaceIdentify", resp.Result), "", nil
	default:
		res, err = s.askFaces(ctx, f)
	}
	return res, link, err
}

// unknownChoice puts an object that is not there, or not within reach, beside its field.
func unknownChoice(field string, err error) error {
	if errors.Is(err, db.ErrNotFound) {
		return &api.ValidationError{Fields: []api.FieldError{{Field: field, Rule: "not_found"}}}
	}
	return err
}

// identityResult is a result code in words. Codes that this version does not know are shown as they are.
func identityResult(ctx context.Context, family, action string, code int64) *templates.IdentityResult {
	res := &templates.IdentityResult{Action: action, Code: code, Passed: code == 0, Text: i18n.T(ctx, "identity.result.unknown", "Code", code)}
	if key := templates.IdentityResultKey(family, code); i18n.Has(ctx, key) {
		res.Text = i18n.T(ctx, key)
	}
	return res
}

// askMobile compares a mobile with a name, and with a number where one is given.
func (s *server) askMobile(ctx context.Context, f templates.IdentityForm) (*templates.IdentityResult, error) {
	if f.IdCardNumber == "" {
		resp, err := api.CheckMobileAndName.Call(ctx, s.client, &api.CheckMobileAndNameRequest{Mobile: f.Mobile, Name: f.Name})
		if err != nil {
			return nil, err
		}
		return identityResult(ctx, "mobile", "CheckMobileAndName", resp.Result), nil
	}
	resp, err := api.CheckMobileVerification.Call(ctx, s.client, &api.CheckMobileVerificationRequest{Mobile: f.Mobile, Name: f.Name, IdCardNumber: f.IdCardNumber})
	if err != nil {
		return nil, err
	}
	return identityResult(ctx, "mobile", "CheckMobileVerification", resp.Result), nil
}

// askBankCard compares two, three or four elements: as many as are given.
func (s *server) askBankCard(ctx context.Context, f templates.IdentityForm) (*templates.IdentityResult, error) {
	var action string
	var code int64
	switch {
	case f.IdCardNumber == "" && f.Mobile == "":
		resp, err := api.CheckBankCard2EVerification.Call(ctx, s.client, &api.CheckBankCard2EVerificationRequest{BankCard: f.BankCard, Name: f.Name})
		if err != nil {
			return nil, err
		}
		action, code = "CheckBankCard2EVerification", resp.Result
	case f.Mobile == "":
		resp, err := api.CheckBankCard3EVerification.Call(ctx, s.client, &api.CheckBankCard3EVerificationRequest{BankCard: f.BankCard, Name: f.Name, IdCardNumber: f.IdCardNumber})
		if err != nil {
			return nil, err
		}
		action, code = "CheckBankCard3EVerification", resp.Result
	case f.IdCardNumber == "":
		resp, err := api.CheckBankCardVerification.Call(ctx, s.client, &api.CheckBankCardVerificationRequest{BankCard: f.BankCard, Name: f.Name, Mobile: f.Mobile})
		if err != nil {
			return nil, err
		}
		action, code = "CheckBankCardVerification", resp.Result
	default:
		resp, err := api.CheckBankCard4EVerification.Call(ctx, s.client, &api.CheckBankCard4EVerificationRequest{BankCard: f.BankCard, Name: f.Name,
			IdCardNumber: f.IdCardNumber, Mobile: f.Mobile})
		if err != nil {
			return nil, err
		}
		action, code = "CheckBankCard4EVerification", resp.Result
	}
	return identityResult(ctx, "bank", action, code), nil
}

// askFaceLink makes a link to the page that checks a face, for one person of the portal or for a name and number.
func (s *server) askFaceLink(ctx context.Context, caller api.Caller, f templates.IdentityForm) (string, error) {
	var wrong []api.FieldError
	if caller.OperatorId == "" {
		if f.Name == "" {
			wrong = append(wrong, api.FieldError{Field: "Name", Rule: "required"})
		}
		if f.IdCardNumber == "" {
			wrong = append(wrong, api.FieldError{Field: "IdCardNumber", Rule: "required"})
		}
	}
	if u, err := url.Parse(f.JumpUrl); f.JumpUrl != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		wrong = append(wrong, api.FieldError{Field: "JumpUrl", Rule: "http_url"})
	}
	if len(wrong) > 0 {
		return "", &api.ValidationError{Fields: wrong}
	}
	req := api.CreateH5FaceIdUrlRequest{Caller: caller, WbAppId: f.WbAppId, Name: f.Name, IdCardNumber: f.IdCardNumber, JumpUrl: f.JumpUrl, OpenFrom: "browser"}
	resp, err := api.CreateH5FaceIdUrl.Call(ctx, s.client, &req)
	if err != nil {
		return "", err
	}
	return resp.Url, nil
}

// askFaces reads outcomes of face checks, with or without the photos.
func (s *server) askFaces(ctx context.Context, f templates.IdentityForm) (*templates.IdentityResult, error) {
	orders := strings.Fields(f.OrderNumbers)
	res := &templates.IdentityResult{Passed: true}
	if f.PhotosOnly {
		resp, err := api.DescribeFaceIdPhotos.Call(ctx, s.client, &api.DescribeFaceIdPhotosRequest{WbAppId: f.WbAppId, OrderNumbers: orders})
		if err != nil {
			return nil, err
		}
		res.Action = "DescribeFaceIdPhotos"
		for _, p := range resp.Photos {
			res.Faces = append(res.Faces, templates.Face{Order: p.OrderNumber, Passed: p.Result == 0, Text: identityResult(ctx, "face", "", p.Result).Text, Photo: photoURL(p.Photo)})
		}
		return res, nil
	}
	resp, err := api.DescribeFaceIdResults.Call(ctx, s.client, &api.DescribeFaceIdResultsRequest{WbAppId: f.WbAppId, OrderNumbers: orders})
	if err != nil {
		return nil, err
	}
	res.Action = "DescribeFaceIdResults"
	for _, o := range resp.Results {
		res.Faces = append(res.Faces, templates.Face{Order: o.OrderNumber, Passed: o.Result == 0, Text: identityResult(ctx, "face", "", o.Result).Text,
			Name: api.Mask("name", o.Name), Number: api.Mask("number", o.IdCardNumber), LiveRate: o.LiveRate, Similarity: o.Similarity, At: time.Unix(o.OccurredTime, 0)})
	}
	return res, nil
}

// photoURL holds a photo in the page itself; empty for anything that is no picture.
func photoURL(encoded string) string {
	if len(encoded) > maxFacePhoto {
		return ""
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return ""
	}
	if kind := pictureType(data); kind != "" {
		return "data:" + kind + ";base64," + encoded
	}
	return ""
}
