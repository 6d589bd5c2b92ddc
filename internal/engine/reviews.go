package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// Answers of SignFlow (essbasic, SignFlow.Status).
const (
	statusSuccess = "SUCCESS"
	statusReview  = "REVIEW"
)

// Errors of DecideReview.
var (
	ErrReviewUnknown = errors.New("engine: no such review")
	ErrReviewDecided = errors.New("engine: the review is decided already")
)

// Review is a signature whose willingness was shown offline: it counts once somebody has looked at it. On the cloud that is
// Tencent's staff; no action decides it.
type Review struct {
	ID           string
	FlowID       string
	FlowName     string
	SignID       string
	UserID       string
	Signer       string // name of the person
	Organization string // for which they act; may be empty
	Proof        string // what they sent as VerifyResult
	Message      string // ApproveMessage
	SourceIP     string
	Status       ApproverStatus // of the signer now; only ApproverReview can be decided
	Created      time.Time
	Decided      time.Time // zero while it waits
	Accepted     bool
	Note         string // reason given with the decision
}

// storedAct is an act as it waits in engine_reviews.
type storedAct struct {
	UserID         string                  `json:"userId"`
	OrganizationID string                  `json:"organizationId,omitempty"`
	Proof          string                  `json:"proof,omitempty"`
	Message        string                  `json:"message,omitempty"`
	SourceIP       string                  `json:"sourceIp,omitempty"`
	UserAgent      string                  `json:"userAgent,omitempty"`
	Choices        map[string]storedChoice `json:"choices,omitempty"` // by component id
}

type storedChoice struct {
	SealID     string `json:"sealId,omitempty"`
	PictureRef string `json:"pictureRef,omitempty"`
	SignType   string `json:"signType,omitempty"`
	FileIndex  int64  `json:"fileIndex"`
}

// submit takes an act whose willingness is shown offline. Everything but the willingness is checked now; the files are
// stamped when the review accepts it.
func (e *Engine) submit(ctx context.Context, act *signAct) error {
	if err := e.needSimulation("VerifyChannel " + channelOffline); err != nil {
		return err
	}
	return e.onFlow(ctx, act.FlowID, func() error {
		p, err := e.planSigning(ctx, act, stepSign)
		if err != nil {
			return err
		}
		if !p.approver.CanOffline {
			return fail(api.CodeInvalidParameterInvalidVerifyResult, "the task does not allow channel %s", channelOffline)
		}
		stored, err := e.storeAct(ctx, act)
		if err != nil {
			return err
		}
		return e.db.Write(ctx, func(tx *store.Tx) error { return e.insertReview(ctx, tx, p, stored) })
	})
}

// storeAct is an act as JSON, its pictures in the store.
func (e *Engine) storeAct(ctx context.Context, act *signAct) (string, error) {
	s := storedAct{UserID: act.UserID, OrganizationID: act.OrganizationID, Proof: act.Ticket, Message: act.Message, SourceIP: act.SourceIP,
		UserAgent: act.UserAgent, Choices: map[string]storedChoice{}}
	for id, c := range act.Choices {
		sc := storedChoice{SealID: c.sealID, SignType: c.signType, FileIndex: c.fileIndex}
		if c.picture != nil {
			ref, err := e.files.Put(ctx, c.picture)
			if err != nil {
				return "", fmt.Errorf("store the picture of a signature: %w", err)
			}
			sc.PictureRef = string(ref)
		}
		s.Choices[id] = sc
	}
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("encode the act: %w", err)
	}
	return string(text), nil
}

func (e *Engine) insertReview(ctx context.Context, tx *store.Tx, p *signing, act string) error {
	id := newID(e.wall())
	_, err := tx.Exec(ctx, `INSERT INTO engine_reviews (id, flow_id, sign_id, act, accepted, note, created, decided) VALUES ($1, $2, $3, $4, 0, '', $5, 0)`,
		id, p.flow.ID, p.approver.SignID, act, store.Micros(e.now()))
	if err != nil {
		return fmt.Errorf("store the review: %w", err)
	}
	err = errors.Join(
		e.setApprover(ctx, tx, p.approver, ApproverReview, p.act.Message),
		e.setFlow(ctx, tx, p.flow, FlowSigning, ""))
	if err != nil {
		return err
	}
	return e.record(ctx, tx, event{Action: "flow.review", ObjectType: "flow", ObjectID: p.flow.ID, Detail: map[string]any{
		"stage":  "submitted",
		"review": id, "signId": p.approver.SignID, "userId": p.approver.UserID, "sourceIp": p.act.SourceIP, "device": p.act.UserAgent, "proof": p.act.Ticket,
	}})
}

// DecideReview accepts a signature, which then takes place, or refuses it, after which the signer may try again. When the
// contract has moved on meanwhile it gives an *api.Error (OperationDenied). Outside of simulation nothing can be accepted.
func (e *Engine) DecideReview(ctx context.Context, id string, accept bool, note string) error {
	if accept && !e.simulate {
		return ErrNotSimulated
	}
	r, act, err := e.findReview(ctx, id)
	if err != nil {
		return err
	}
	if !r.Decided.IsZero() {
		return ErrReviewDecided
	}
	return e.onFlow(ctx, r.FlowID, func() error {
		if accept {
			return e.signReviewed(ctx, r, act, note)
		}
		p := &signing{act: act}
		if err := e.db.Read(ctx, func(tx *store.Tx) error { return e.readTask(ctx, tx, p, stepReview) }); err != nil {
			return err
		}
		return e.db.Write(ctx, func(tx *store.Tx) error {
			err := errors.Join(
				e.setApprover(ctx, tx, p.approver, ApproverReviewFailed, note),
				e.setFlow(ctx, tx, p.flow, FlowSigning, ""))
			if err != nil {
				return err
			}
			return e.closeReview(ctx, tx, r, false, note)
		})
	})
}

// signReviewed does the act that was submitted.
func (e *Engine) signReviewed(ctx context.Context, r *Review, act *signAct, note string) error {
	p, err := e.planSigning(ctx, act, stepReview)
	if err != nil {
		return err
	}
	if err := e.openSigner(ctx, p); err != nil {
		return err
	}
	changed, err := e.stamp(ctx, p, e.now())
	if err != nil {
		return err
	}
	return e.db.Write(ctx, func(tx *store.Tx) error {
		if err := e.storeSigning(ctx, tx, p, changed); err != nil {
			return err
		}
		return e.closeReview(ctx, tx, r, true, note)
	})
}

// closeReview notes a decision, which is taken once.
func (e *Engine) closeReview(ctx context.Context, tx *store.Tx, r *Review, accepted bool, note string) error {
	res, err := tx.Exec(ctx, `UPDATE engine_reviews SET accepted = $1, note = $2, decided = $3 WHERE id = $4 AND decided = 0`,
		flag(accepted), note, store.Micros(e.now()), r.ID)
	if err != nil {
		return fmt.Errorf("note the decision: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(ErrReviewDecided, err)
	}
	stage := "refused"
	if accepted {
		stage = "accepted"
	}
	return e.record(ctx, tx, event{Action: "flow.review", ObjectType: "flow", ObjectID: r.FlowID,
		Detail: map[string]any{"review": r.ID, "signId": r.SignID, "stage": stage, "note": note}})
}

const reviewColumns = `r.id, r.flow_id, r.sign_id, r.act, r.accepted, r.note, r.created, r.decided`

// ListReviews gives the newest reviews, those that wait for a decision first.
func (e *Engine) ListReviews(ctx context.Context, limit int) ([]Review, error) {
	var out []Review
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		ids, err := texts(ctx, tx, `SELECT r.id FROM engine_reviews r JOIN engine_flows f ON f.id = r.flow_id WHERE f.application_id = $1
			ORDER BY r.decided > 0, r.created DESC, r.decided DESC, r.id LIMIT $2`, e.apps.first.ID, limit)
		for _, id := range ids {
			r, _, err := e.readReview(ctx, tx, id)
			if err != nil {
				return err
			}
			out = append(out, *r)
		}
		return err
	})
	return out, err
}

func (e *Engine) findReview(ctx context.Context, id string) (r *Review, act *signAct, err error) {
	err = e.db.Read(ctx, func(tx *store.Tx) (err error) {
		r, act, err = e.readReview(ctx, tx, id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = ErrReviewUnknown
	}
	return r, act, err
}

// readReview reads a review of the first application and the act in it.
func (e *Engine) readReview(ctx context.Context, tx *store.Tx, id string) (*Review, *signAct, error) {
	r := &Review{}
	var text string
	var created, decided int64
	app := e.apps.first.ID
	err := tx.QueryRow(ctx, `SELECT `+reviewColumns+` FROM engine_reviews r JOIN engine_flows f ON f.id = r.flow_id WHERE r.id = $1 AND f.application_id = $2`, id, app).
		Scan(&r.ID, &r.FlowID, &r.SignID, &text, &r.Accepted, &r.Note, &created, &decided)
	if err != nil {
		return nil, nil, err
	}
	r.Created, r.Decided = store.Time(created), store.Time(decided)
	var s storedAct
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return nil, nil, fmt.Errorf("read the act of a review: %w", err)
	}
	r.UserID, r.Proof, r.Message, r.SourceIP = s.UserID, s.Proof, s.Message, s.SourceIP
	if err := e.describeReview(ctx, tx, r, app, s.OrganizationID); err != nil {
		return nil, nil, err
	}
	act := &signAct{ApplicationID: app, FlowID: r.FlowID, SignID: r.SignID, UserID: s.UserID, OrganizationID: s.OrganizationID, Channel: channelOffline,
		Ticket: s.Proof, Message: s.Message, SourceIP: s.SourceIP, UserAgent: s.UserAgent, Choices: map[string]sentChoice{}}
	for componentID, c := range s.Choices {
		sent := sentChoice{sealID: c.SealID, signType: c.SignType, fileIndex: c.FileIndex}
		if c.PictureRef != "" {
			if sent.picture, err = e.content(ctx, c.PictureRef); err != nil {
				return nil, nil, err
			}
		}
		act.Choices[componentID] = sent
	}
	return r, act, nil
}

// describeReview adds the names and the signer's state.
func (e *Engine) describeReview(ctx context.Context, tx *store.Tx, r *Review, applicationID, organizationID string) error {
	f, err := e.findFlow(ctx, tx, applicationID, r.FlowID)
	if err != nil {
		return fmt.Errorf("find the flow of a review: %w", err)
	}
	r.FlowName = f.Name
	if r.Signer, err = e.partyName(ctx, tx, applicationID, r.UserID, ""); err != nil {
		return err
	}
	if organizationID != "" {
		if r.Organization, err = e.partyName(ctx, tx, applicationID, "", organizationID); err != nil {
			return err
		}
	}
	approvers, err := e.approversOf(ctx, tx, f)
	if i := slices.IndexFunc(approvers, func(a *approver) bool { return a.SignID == r.SignID }); i >= 0 {
		r.Status = approvers[i].Status
	}
	return err
}
