package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// operations says which changes of a flow are told, by their entry in the evidence. Every change of a flow is recorded in its
// transaction, so callbacks hang there: none can be forgotten, none is sent for what was rolled back.
var operations = map[string]string{
	"flow.send":    "start",
	"flow.sign":    "sign",
	"flow.review":  "review",
	"flow.reject":  "reject",
	"flow.cancel":  "cancel",
	"flow.archive": operateFinish,
	"flow.expire":  operateDeadline,
}

const (
	operateFinish   = "finish"
	operateDeadline = "deadline"
)

// States of a callback.
const (
	CallbackWaiting   = "waiting"
	CallbackDelivered = "delivered"
	CallbackFailed    = "failed"
)

// queueCallbacks writes what is to be sent for a change, in the transaction of the change.
func (e *Engine) queueCallbacks(ctx context.Context, tx *store.Tx, ev event) error {
	operate, told := operations[ev.Action]
	if !told || ev.ObjectType != "flow" {
		return nil
	}
	var applicationID, address string
	var others int
	err := tx.QueryRow(ctx, `SELECT application_id, callback_url, (SELECT count(*) FROM engine_approvers a WHERE a.flow_id = f.id AND a.callback_url <> '')
		FROM engine_flows f WHERE id = $1`, ev.ObjectID).Scan(&applicationID, &address, &others)
	if err != nil {
		return fmt.Errorf("find the callback's flow: %w", err)
	}
	if address == "" && others == 0 {
		return nil
	}
	f, err := e.findFlow(ctx, tx, applicationID, ev.ObjectID)
	if err != nil {
		return fmt.Errorf("find the callback's flow: %w", err)
	}
	signID, _ := ev.Detail["signId"].(string)
	approvers, err := e.approversOf(ctx, tx, f)
	if err != nil {
		return err
	}
	body, err := e.callbackBody(ctx, tx, f, approvers, operate, signID)
	if err != nil {
		return err
	}
	addresses := callbackAddresses(f, approvers, signID)
	if err := e.insertCallbacks(ctx, tx, addresses, signID, body); err != nil {
		return err
	}
	// The last approver's signature archives: two things have happened.
	if operate == "sign" && f.Status == FlowArchived {
		body.Operate = operateFinish
		return e.insertCallbacks(ctx, tx, callbackAddresses(f, approvers, ""), "", body)
	}
	return nil
}

// callbackAddresses lists who is told: the flow's address of everything, a task's of what is about that task or about all.
func callbackAddresses(f *flow, approvers []*approver, signID string) []string {
	all := []string{f.CallbackURL}
	for _, a := range approvers {
		if signID == "" || a.SignID == signID || f.Status == FlowRejected {
			all = append(all, a.CallbackURL)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(s string) bool { return s == "" })
}

func (e *Engine) insertCallbacks(ctx context.Context, tx *store.Tx, addresses []string, signID string, body *api.Callback) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode a callback: %w", err)
	}
	now := store.Micros(e.wall())
	for _, address := range addresses {
		id := newID(e.wall())
		_, err := tx.Exec(ctx, `INSERT INTO engine_callbacks (id, flow_id, sign_id, url, operate, body_sealed, state, attempts, due, created, delivered)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $8, 0)`,
			id, body.FlowId, signID, address, body.Operate, e.vault.Seal("engine_callbacks.body", id, data), CallbackWaiting, now)
		if err != nil {
			return fmt.Errorf("store a callback: %w", err)
		}
	}
	tx.OnCommit(e.callbacks.wakeUp)
	return nil
}

// callbackBody tells what has become of the flow.
func (e *Engine) callbackBody(ctx context.Context, tx *store.Tx, f *flow, approvers []*approver, operate, signID string) (*api.Callback, error) {
	body := &api.Callback{
		FlowId: f.ID, CallbackType: "sign", FlowName: f.Name, FlowType: f.Kind, FlowDescription: f.Description, Unordered: true, CreateOn: unix(f.Created),
		UpdatedOn: unix(e.now()), DeadLine: unix(f.Deadline), FlowCallbackStatus: flowCallbackStatus(f.Status, approvers), UserId: f.Creator.OperatorId,
		RecipientId: signID, Operate: operate, UserData: f.UserData, Approvers: []api.CallbackApprover{},
	}
	if operate == "review" {
		body.CallbackType, body.Operate = "review", "sign"
	}
	for _, a := range approvers {
		if a.SignID == signID {
			body.UserId = a.UserID
		}
		entry, err := e.callbackApprover(ctx, tx, f, a)
		if err != nil {
			return nil, err
		}
		body.Approvers = append(body.Approvers, entry)
	}
	return body, nil
}

// flowCallbackStatus is the state in the numbers of callbacks, which differ from those of DescribeFlow.
func flowCallbackStatus(status FlowStatus, approvers []*approver) int {
	switch status {
	case FlowRejected:
		return 3
	case FlowArchived, FlowSigned, FlowDestroyed:
		return 4
	case FlowExpired:
		return 5
	case FlowCancelled:
		return 6
	}
	if slices.ContainsFunc(approvers, func(a *approver) bool { return a.Status == ApproverSigned }) {
		return 2
	}
	return 1
}

// approveCallbackStatus is the approver's state in the numbers of callbacks.
var approveCallbackStatus = map[ApproverStatus]int{
	ApproverPending: 2, ApproverReview: 2, ApproverReviewFailed: 2, ApproverSigned: 3, ApproverRejected: 4, ApproverExpired: 5, ApproverCancelled: 6,
}

func (e *Engine) callbackApprover(ctx context.Context, tx *store.Tx, f *flow, a *approver) (api.CallbackApprover, error) {
	u, err := e.findUser(ctx, tx, f.ApplicationID, a.UserID)
	if err != nil {
		return api.CallbackApprover{}, fmt.Errorf("find an approver: %w", err)
	}
	entry := api.CallbackApprover{
		UserId: a.UserID, RecipientId: a.SignID, ApproverType: "PERSON", Required: true, ApproverName: u.Name, ApproverMobile: maskMobile(a.Mobile),
		ApproverIdCardType: u.IDCardType, ApproverIdCardNumber: maskNumber(u.IDCardNumber), ApproveCallbackStatus: approveCallbackStatus[a.Status],
		ApproveMessage: a.Message, ApproveTime: unix(a.Acted),
	}
	if len(a.Channels) > 0 {
		entry.VerifyChannel = a.Channels[0]
	}
	if a.OrganizationID != "" {
		entry.ApproverType = "ORGANIZATION"
		if entry.OrganizationName, err = e.partyName(ctx, tx, f.ApplicationID, "", a.OrganizationID); err != nil {
			return api.CallbackApprover{}, err
		}
	}
	return entry, nil
}

// expireFlows queues callbacks for flows whose deadline has passed. Expiry itself follows from the clock and is stored nowhere.
func (e *Engine) expireFlows(ctx context.Context) error {
	var expired []string
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id FROM engine_flows f WHERE status IN (0, 1) AND deadline <= $1
			AND (callback_url <> '' OR EXISTS (SELECT 1 FROM engine_approvers a WHERE a.flow_id = f.id AND a.callback_url <> ''))
			AND NOT EXISTS (SELECT 1 FROM engine_callbacks c WHERE c.flow_id = f.id AND c.operate = $2) LIMIT 1000`, store.Micros(e.now()), operateDeadline)
		if err != nil {
			return fmt.Errorf("find expired flows: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return fmt.Errorf("find expired flows: %w", err)
			}
			expired = append(expired, id)
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	for _, id := range expired {
		err := e.db.Write(ctx, func(tx *store.Tx) error {
			return e.record(ctx, tx, event{Action: "flow.expire", ObjectType: "flow", ObjectID: id})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
