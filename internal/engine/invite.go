package engine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"sealdesk/internal/gateway"
	"sealdesk/internal/store"
)

// readLife is how long the link of a message that a contract is complete can be read by.
const readLife = 30 * 24 * time.Hour

// reach chooses the address for a message of a kind: the first that a gateway reaches, else the first there is. Codes go to the mobile
// first, all else to the e-mail. A mobile that the caller of SendFlow named is the task's; all others are those registered of the user.
func (e *Engine) reach(m gateway.Message, mobile, mail string) string {
	addresses := []string{mail, mobile}
	if m.Kind == gateway.KindCode {
		addresses = []string{mobile, mail}
	}
	for _, m.To = range addresses {
		if e.gateways.Way(m) != "" {
			return m.To
		}
	}
	return firstOf(addresses[0], addresses[1])
}

// codeAddress is where an approver's codes go; empty for nowhere.
func (e *Engine) codeAddress(a *approver) string {
	return e.reach(gateway.Message{Kind: gateway.KindCode}, a.Mobile, a.Mail)
}

// invite tells the approver that it is their turn, with a link that only they get: where a gateway reaches them, or where the caller names
// a template for SMS; without a gateway that message stands on the console only.
func (e *Engine) invite(ctx context.Context, tx *store.Tx, t *task) error {
	m := e.toSigner(gateway.KindInvitation, t.flow, t.approver)
	if m.TemplateID == "" && e.gateways.Way(m) == "" {
		return nil
	}
	return e.queueToSigner(ctx, tx, m, t.flow, t.approver)
}

// toSigner is a message of a kind to somebody whose turn it is, without its link.
func (e *Engine) toSigner(kind string, f *flow, a *approver) gateway.Message {
	m := gateway.Message{Kind: kind, FlowID: f.ID, SignID: a.SignID, Contract: f.Name, Until: gateway.Beijing(a.Deadline)}
	if a.SMSTemplate != nil && a.SMSTemplate.TemplateId != "" && a.Mobile != "" {
		m.TemplateID, m.SignName, m.To = a.SMSTemplate.TemplateId, a.SMSTemplate.Sign, a.Mobile
	} else {
		m.To = e.reach(m, a.Mobile, a.Mail)
	}
	return m
}

// queueToSigner keeps a message with a link that only its reader gets.
func (e *Engine) queueToSigner(ctx context.Context, tx *store.Tx, m gateway.Message, f *flow, a *approver) (err error) {
	m.Link, err = e.createLink(ctx, tx, link{Kind: LinkSign, ApplicationID: f.ApplicationID, FlowID: f.ID, SignID: a.SignID, Deadline: a.Deadline})
	if err != nil {
		return err
	}
	return e.queueMessage(ctx, tx, m, a.Deadline)
}

// Remind sends somebody whose turn it is in a flow a reminder, where a gateway reaches them, and tells the masked address that it goes to;
// empty where none does or where it is not their turn. The key names the occasion: asked twice for the same, one message goes out.
func (e *Engine) Remind(ctx context.Context, flowID, signID, key string) (address string, err error) {
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		var applicationID string
		if err := tx.QueryRow(ctx, `SELECT application_id FROM engine_flows WHERE id = $1`, flowID).Scan(&applicationID); err != nil {
			return fmt.Errorf("remind: read the flow: %w", err)
		}
		f, err := e.findFlow(ctx, tx, applicationID, flowID)
		if err != nil {
			return fmt.Errorf("remind: read the flow: %w", err)
		}
		all, err := e.approversOf(ctx, tx, f)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(a *approver) bool { return a.SignID == signID })
		if i < 0 || !all[i].may(f, stepSign) {
			return nil
		}
		m := e.toSigner(gateway.KindReminder, f, all[i])
		if e.gateways.Way(m) == "" {
			return nil
		}
		address = gateway.Mask(m.To)
		m.ID = fmt.Sprintf("%x", sha256.Sum256([]byte("reminder|"+signID+"|"+key)))[:32]
		var queued bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM engine_outbox WHERE id = $1)`, m.ID).Scan(&queued); err != nil || queued {
			return err
		}
		return e.queueToSigner(ctx, tx, m, f, all[i])
	})
	return address, err
}

// tellCompleted tells everybody who signed that a contract is archived, and only then: a contract that all tasks of are signed may still be
// sent to others.
func (e *Engine) tellCompleted(ctx context.Context, tx *store.Tx, f *flow) error {
	if len(e.gateways.Ways()) == 0 {
		return nil
	}
	all, err := e.approversOf(ctx, tx, f)
	if err != nil {
		return err
	}
	told := map[string]bool{}
	for _, a := range all {
		m := gateway.Message{Kind: gateway.KindCompleted, Contract: f.Name}
		if m.To = e.reach(m, a.Mobile, a.Mail); a.Status != ApproverSigned || told[m.To] || e.gateways.Way(m) == "" {
			continue
		}
		told[m.To] = true
		deadline := e.now().Add(readLife)
		if m.Link, err = e.createLink(ctx, tx, link{Kind: LinkPreview, ApplicationID: f.ApplicationID, FlowID: f.ID, Deadline: deadline}); err != nil {
			return err
		}
		if err := e.queueMessage(ctx, tx, m, deadline); err != nil {
			return err
		}
	}
	return nil
}

// tellChanged tells the address that was registered before that another one is now; whoever changed it may not be its owner.
func (e *Engine) tellChanged(ctx context.Context, tx *store.Tx, before, after string) error {
	m := gateway.Message{Kind: gateway.KindChanged, To: before, Address: gateway.Mask(after)}
	if before == "" || after == "" || before == after || e.gateways.Way(m) == "" {
		return nil
	}
	return e.queueMessage(ctx, tx, m, time.Time{})
}
