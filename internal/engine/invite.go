package engine

import (
	"context"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// invite tells the approver by SMS, where the sender names a template and a mobile is known. Nothing leaves this machine: the
// message stands in the outbox. The wording of a template is known to the platform only, so the text names its id.
func (e *Engine) invite(ctx context.Context, tx *store.Tx, t *task) error {
	a := t.approver
	if a.SMSTemplate == nil || a.Mobile == "" {
		return nil
	}
	url, err := e.createLink(ctx, tx, link{Kind: LinkSign, ApplicationID: t.flow.ApplicationID, FlowID: t.flow.ID, SignID: a.SignID, Deadline: a.Deadline})
	if err != nil {
		return err
	}
	line := fmt.Sprintf("[%s] 您有一份合同《%s》待签署，请于 %s 前完成：%s（模板 %s）", a.SMSTemplate.Sign, t.flow.Name,
		a.Deadline.In(chinaTime).Format(time.DateTime), url, a.SMSTemplate.TemplateId)
	id, err := e.storeOutbox(ctx, tx, a.Mobile, line)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE engine_outbox SET delivered = $1 WHERE id = $2`, store.Micros(e.now()), id); err != nil {
		return fmt.Errorf("note the delivery: %w", err)
	}
	tx.OnCommit(func() {
		if _, err := fmt.Fprintln(e.outbox, line); err != nil {
			e.logger.ErrorContext(ctx, "engine: an invitation could not be printed", "error", err)
		}
	})
	return nil
}
