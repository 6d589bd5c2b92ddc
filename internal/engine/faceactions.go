package engine

import (
	"context"
	"crypto/sha1" // the service's rule, see createFaceIDSign
	"encoding/hex"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"

	"sealdesk/internal/api"
	numbers "sealdesk/internal/identity"
	"sealdesk/internal/store"
)

// FaceAPITicket is the first application's api_ticket: what CreateFaceIdSign adds to the values. On the cloud the face check service gives
// it and nobody sees it.
func (e *Engine) FaceAPITicket() string { return e.faceAPITicket(e.apps.first.ID) }

func (e *Engine) faceAPITicket(applicationID string) string {
	return hex.EncodeToString(e.vault.Blind("face.api_ticket", applicationID))
}

// createFaceIDSign signs by the service's rule: the values and the ticket, sorted, joined, SHA-1, in capital hexadecimal digits.
func (e *Engine) createFaceIDSign(ctx context.Context, req *api.CreateFaceIdSignRequest) (*api.CreateFaceIdSignResponse, error) {
	u, err := e.operator(ctx, req.Caller)
	if err != nil {
		return nil, err
	}
	if u != nil {
		if err := e.reachFaceService(ctx, u.Name, u.IDCardNumber); err != nil {
			return nil, err
		}
	}
	values := append(slices.Clone(req.Values), e.faceAPITicket(callOf(ctx).Application.ID))
	slices.Sort(values)
	sum := sha1.Sum([]byte(strings.Join(values, "")))
	return &api.CreateFaceIdSignResponse{Sign: strings.ToUpper(hex.EncodeToString(sum[:]))}, nil
}

// operator is the caller's user, nil where none is named.
func (e *Engine) operator(ctx context.Context, c api.Caller) (u *user, err error) {
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		by, err := e.resolve(ctx, tx, c)
		u = by.Operator
		return err
	})
	return u, err
}

// reachFaceService fails for a person for whom the register wants it to.
func (e *Engine) reachFaceService(ctx context.Context, name, idCard string) error {
	_, broken, err := e.faceOf(ctx, name, idCard)
	if err == nil && broken {
		err = fail(api.CodeInternalErrorApi, "the face check service cannot be reached (wanted for this identity)")
	}
	return err
}

// createH5FaceIDURL begins a face check. The person is the operator, or whoever is named; an operator who is not verified must be named.
func (e *Engine) createH5FaceIDURL(ctx context.Context, req *api.CreateH5FaceIdUrlRequest) (*api.CreateH5FaceIdUrlResponse, error) {
	u, err := e.operator(ctx, req.Caller)
	if err != nil {
		return nil, err
	}
	c := PersonCheck{applicationID: callOf(ctx).Application.ID, Channel: channelFace, Name: req.Name, IDCard: strings.ToUpper(req.IdCardNumber),
		WbAppID: firstOf(req.WbAppId, defaultWbAppID), JumpURL: req.JumpUrl, JumpAtOnce: req.JumpType == "1"}
	if u != nil {
		c.UserID = u.ID
	}
	if u != nil && !u.Verified.IsZero() {
		c.Name, c.IDCard = firstOf(c.Name, u.Name), firstOf(c.IDCard, u.IDCardNumber)
	}
	_, cardErr := numbers.ParseIDCard(req.IdCardNumber, e.now())
	switch {
	case c.Name == "":
		return nil, missing("Name")
	case c.IDCard == "":
		return nil, missing("IdCardNumber")
	case req.Name != "" && numbers.CheckName(req.Name) != nil:
		return nil, badValue("Name", "is no name")
	case req.IdCardNumber != "" && cardErr != nil:
		return nil, badValue("IdCardNumber", "is no number of a citizen")
	case !plainURL(req.JumpUrl):
		return nil, badValue("JumpUrl", "must be an http or https URL")
	}
	if err := e.reachFaceService(ctx, c.Name, c.IDCard); err != nil {
		return nil, err
	}
	resp := &api.CreateH5FaceIdUrlResponse{}
	err = e.db.Write(ctx, func(tx *store.Tx) (err error) {
		resp.Url, err = e.beginCheck(ctx, tx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// checkFaceIdentify tells whether a check was passed by the person that is named, else by the operator.
func (e *Engine) checkFaceIdentify(ctx context.Context, req *api.CheckFaceIdentifyRequest) (*api.CheckFaceIdentifyResponse, error) {
	u, err := e.operator(ctx, req.Caller)
	if err != nil {
		return nil, err
	}
	channel := strings.ToUpper(req.VerifyChannel)
	if channel == channelNone {
		result := int64(flag(!e.apps.has(callOf(ctx).Application.ID, RightChannelNone)))
		return &api.CheckFaceIdentifyResponse{Result: result, Description: faceResults[result], ChannelName: channelName(channel)}, nil
	}
	name, card := req.Name, req.IdCardNumber
	if name == "" {
		if u == nil {
			return nil, missing("Name")
		}
		name, card = u.Name, firstOf(card, u.IDCardNumber)
	}
	if err := e.reachFaceService(ctx, name, card); err != nil {
		return nil, err
	}
	app, ticket := "", req.VerifyResult
	if channel == channelFace {
		var ok bool
		if app, ticket, ok = strings.Cut(req.VerifyResult, ":"); !ok {
			return nil, badValue("VerifyResult", "must be {WbAppId}:{OrderNo} for FACEID")
		}
	}
	c, err := e.checkByTicket(ctx, channel, app, ticket)
	if err != nil {
		return nil, err
	}
	same := numbers.SameName(c.Name, name) && (card == "" || strings.EqualFold(c.IDCard, card))
	result, why := c.result()
	if result == faceResultPassed && !same {
		result, why = faceResultFailed, "核身结果与姓名或证件号不一致"
	}
	resp := &api.CheckFaceIdentifyResponse{Result: result, Description: why, ChannelName: channelName(channel), VerifiedOn: unix(c.Decided),
		SerialNumber: c.ID, VerifyServerIp: e.serverIP()}
	if req.GetPhoto && result == faceResultPassed {
		resp.PhotoFileName = c.ID + ".png"
		resp.PhotoFileData, err = photoOf(c)
	}
	return resp, err
}

// channelName is what a channel is called.
func channelName(channel string) string {
	return map[string]string{channelFace: "人脸识别", channelWeChat: "微信小程序", channelNone: "无"}[channel]
}

// serverIP is the address of the server that did a check.
func (e *Engine) serverIP() string {
	u, err := url.Parse(e.publicURL)
	if err == nil && net.ParseIP(u.Hostname()) != nil {
		return u.Hostname()
	}
	return "127.0.0.1"
}

// checkByTicket finds a check of the calling application; app is WbAppId, empty for WeChat.
func (e *Engine) checkByTicket(ctx context.Context, channel, app, ticket string) (c *PersonCheck, err error) {
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		found, err := e.checks(ctx, tx, `WHERE ticket_hash = $1 AND application_id = $2 AND channel = $3 AND ($4 = '' OR app_number = $4)`,
			hashToken(ticket), callOf(ctx).Application.ID, channel, app)
		if err == nil && (len(found) == 0 || channel == channelFace && app == "") {
			err = notFound("check", ticket)
		}
		if err == nil {
			c = &found[0]
		}
		return err
	})
	return c, err
}

// result is a check's outcome on the wire. One that waits is not passed.
func (c *PersonCheck) result() (int64, string) {
	switch c.State {
	case CheckPassed:
		return faceResultPassed, faceResults[faceResultPassed]
	case CheckFailed:
		return faceResultFailed, faceResults[faceResultFailed]
	default:
		return faceResultFailed, "尚未完成"
	}
}

// What DescribeFaceIdResults.FileType asks for.
const (
	fileTypeBoth  = 1
	fileTypePhoto = 2
	fileTypeVideo = 3
)

func (e *Engine) describeFaceIDResults(ctx context.Context, req *api.DescribeFaceIdResultsRequest) (*api.DescribeFaceIdResultsResponse, error) {
	resp := &api.DescribeFaceIdResultsResponse{Results: []api.FaceIdResult{}}
	err := e.eachOrder(ctx, req.Caller, req.WbAppId, req.OrderNumbers, func(c *PersonCheck) (err error) {
		r := api.FaceIdResult{OrderNumber: c.Ticket, Name: c.Name, IdCardType: "ID_CARD", IdCardNumber: maskNumber(c.IDCard), LiveRate: c.LiveRate,
			Similarity: c.Similarity, OccurredTime: unix(c.Decided)}
		r.Result, r.Description = c.result()
		var photoErr, videoErr error
		if c.State == CheckPassed && (req.FileType == fileTypeBoth || req.FileType == fileTypePhoto) {
			r.Photo, photoErr = photoOf(c)
		}
		if c.State == CheckPassed && (req.FileType == fileTypeBoth || req.FileType == fileTypeVideo) {
			r.Video, videoErr = videoOf(c)
		}
		resp.Results = append(resp.Results, r)
		return errors.Join(photoErr, videoErr)
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

func (e *Engine) describeFaceIDPhotos(ctx context.Context, req *api.DescribeFaceIdPhotosRequest) (*api.DescribeFaceIdPhotosResponse, error) {
	resp := &api.DescribeFaceIdPhotosResponse{Photos: []api.FaceIdPhoto{}}
	err := e.eachOrder(ctx, req.Caller, req.WbAppId, req.OrderNumbers, func(c *PersonCheck) (err error) {
		p := api.FaceIdPhoto{OrderNumber: c.Ticket}
		if p.Result, p.Description = c.result(); c.State == CheckPassed {
			p.Photo, err = photoOf(c)
		}
		resp.Photos = append(resp.Photos, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// eachOrder finds each order of a face check in turn; one that does not exist fails the call.
func (e *Engine) eachOrder(ctx context.Context, by api.Caller, app string, orders []string, use func(*PersonCheck) error) error {
	if _, err := e.operator(ctx, by); err != nil {
		return err
	}
	for _, order := range orders {
		c, err := e.checkByTicket(ctx, channelFace, app, order)
		if err != nil {
			return err
		}
		if err := use(c); err != nil {
			return err
		}
	}
	return nil
}
