package engine

import (
	"context"
	"errors"
	"fmt"

	"sealdesk/internal/api"
	"sealdesk/internal/gateway"
	numbers "sealdesk/internal/identity"
	"sealdesk/internal/store"
)

// sendSignInnerVerifyCode sends a code. FlowId, which may be a catalog's id, and UserId bind it.
func (e *Engine) sendSignInnerVerifyCode(ctx context.Context, req *api.SendSignInnerVerifyCodeRequest) (*api.SendSignInnerVerifyCodeResponse, error) {
	if numbers.CheckMobile(req.Mobile) != nil {
		return nil, badValue("Mobile", "is no mobile number")
	}
	if req.CheckThreeElementResult != 0 {
		if err := e.needSimulation("CheckThreeElementResult"); err != nil {
			return nil, err
		}
		if err := e.checkThreeElements(ctx, req); err != nil {
			return nil, err
		}
	}
	if _, broken, err := e.codeStoreState(ctx, req.Mobile); broken {
		return nil, err
	}
	err := e.sendCode(ctx, func(tx *store.Tx, code string) (m gateway.Message, err error) {
		by, err := e.resolve(ctx, tx, req.Caller)
		if err != nil {
			return m, err
		}
		if req.UserId != "" {
			if _, err := e.findUser(ctx, tx, by.ApplicationID, req.UserId); err != nil {
				return m, orNotFound(err, "UserId", req.UserId)
			}
		}
		subject, err := e.codeSubject(ctx, tx, by.ApplicationID, req.FlowId)
		if err != nil {
			return m, err
		}
		target := codeTarget{ApplicationID: by.ApplicationID, Mobile: req.Mobile, FlowID: req.FlowId, UserID: req.UserId,
			event: event{Action: "code.send", ObjectType: "flow", ObjectID: req.FlowId}}
		m = gateway.Message{Kind: gateway.KindCode, To: numbers.PlainMobile(req.Mobile), Contract: subject, Code: code, TemplateID: req.VerifyTemplateId, SignName: req.VerifySign}
		return m, e.storeCode(ctx, tx, target, code)
	})
	if err != nil {
		return nil, err
	}
	return &api.SendSignInnerVerifyCodeResponse{Result: true}, nil
}

// checkThreeElements compares mobile, name and number of the user first, as the caller asks for.
func (e *Engine) checkThreeElements(ctx context.Context, req *api.SendSignInnerVerifyCodeRequest) error {
	if req.UserId == "" {
		return missing("UserId")
	}
	var u *user
	err := e.db.Read(ctx, func(tx *store.Tx) (err error) {
		u, err = e.findUser(ctx, tx, callOf(ctx).Application.ID, req.UserId)
		return orNotFound(err, "UserId", req.UserId)
	})
	if err != nil {
		return err
	}
	code, err := e.checkMobile(ctx, personOf(u.Name, u.IDCardNumber, req.Mobile, ""))
	if err == nil && code != checkPassed {
		err = fail(api.CodeFailedOperation, "mobile, name and id card of the user do not agree: result %d", code)
	}
	return err
}

// codeSubject is the name of the flow or catalog that a code is for; without an id there is none.
func (e *Engine) codeSubject(ctx context.Context, tx *store.Tx, applicationID, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	f, err := e.findFlow(ctx, tx, applicationID, id)
	if err == nil {
		return f.Name, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	var name string
	err = tx.QueryRow(ctx, `SELECT name FROM engine_catalogs WHERE id = $1 AND application_id = $2`, id, applicationID).Scan(&name)
	return name, orNotFound(err, "FlowId", id)
}

// codeStoreState lets a test person's mobile break the keeping of codes: its wanted result "error" is InternalError.Cache, 106 the
// check's own internal error.
func (e *Engine) codeStoreState(ctx context.Context, mobile string) (result int64, broken bool, err error) {
	if !e.simulate {
		return 0, false, nil
	}
	rows, err := e.byNumber(ctx, "mobile", numbers.PlainMobile(mobile))
	if err != nil {
		return 0, true, err
	}
	for _, r := range rows {
		switch r.MobileResult {
		case resultError:
			return 0, true, fail(api.CodeInternalErrorCache, "the codes cannot be reached (wanted for this mobile)")
		case fmt.Sprint(mobilePlatform):
			result = codeInternal
		}
	}
	return result, false, nil
}

// checkVerifyCodeMatchFlowID tells whether a code is the one that was sent, without spending it.
func (e *Engine) checkVerifyCodeMatchFlowID(ctx context.Context, req *api.CheckVerifyCodeMatchFlowIdRequest) (*api.CheckVerifyCodeMatchFlowIdResponse, error) {
	result, err := e.matchCode(ctx, req)
	if err != nil {
		return nil, err
	}
	return &api.CheckVerifyCodeMatchFlowIdResponse{Success: result == codeRight, Result: result, Description: codeResults[result]}, nil
}

func (e *Engine) matchCode(ctx context.Context, req *api.CheckVerifyCodeMatchFlowIdRequest) (result int64, err error) {
	if _, err := e.operator(ctx, req.Caller); err != nil {
		return 0, err
	}
	if numbers.CheckMobile(req.Mobile) != nil || len(req.VerifyCode) != codeDigits {
		return codeBadParameter, nil
	}
	if result, broken, err := e.codeStoreState(ctx, req.Mobile); broken || result != 0 {
		return result, err
	}
	app := callOf(ctx).Application.ID
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := e.codeSubject(ctx, tx, app, req.FlowId); api.IsCode(err, api.CodeResourceNotFound) {
			result = codeBadParameter
			return nil
		} else if err != nil {
			return err
		}
		c, err := e.newestCode(ctx, tx, app, req.Mobile, "")
		if err != nil {
			return err
		}
		result, err = e.judgeCode(ctx, tx, c, app, req)
		return err
	})
	return result, err
}

// judgeCode compares a code with the last one that was sent to the mobile; nil stands for none.
func (e *Engine) judgeCode(ctx context.Context, tx *store.Tx, c *sentCode, applicationID string, req *api.CheckVerifyCodeMatchFlowIdRequest) (int64, error) {
	switch {
	case c == nil, c.used, !e.now().Before(c.expires):
		return codeGone, nil
	case c.attempts >= codeTries:
		return codeTooMany, nil
	case !c.is(e, req.VerifyCode):
		return codeWrong, e.countWrong(ctx, tx, c, event{Action: actionWrong, ObjectType: "flow", ObjectID: req.FlowId})
	}
	fits, err := e.newestCode(ctx, tx, applicationID, req.Mobile, codeForAny+` AND id = $4`, req.FlowId, c.ID)
	if err == nil && fits == nil {
		return codeOtherFlow, nil
	}
	return codeRight, err
}
