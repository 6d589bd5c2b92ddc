package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/pdf"
	"sealdesk/internal/store"
)

// maxFlowFiles is how many files a flow takes, as UploadFiles does.
const maxFlowFiles = 20

// maxFlowName bounds FlowName in characters. This version states none; the successor's is 200.
const maxFlowName = 200

// errStale says that the flow changed since it was read; the act starts again.
var errStale = errors.New("engine: the flow has changed meanwhile")

// maxTries bounds how often an act starts again. With one process the flow's lock already keeps others away.
const maxTries = 5

// flow is a contract on its way. Status already counts what has passed by its deadline.
type flow struct {
	ID, ApplicationID, CustomID string
	Creator                     api.Caller
	Name, Description, Kind     string
	CallbackURL, UserData       string
	Status                      FlowStatus
	Message                     string
	Deadline                    time.Time
	Completed                   time.Time
	Created                     time.Time
	Version                     int64
}

// allows tells whether a step is legal in the flow's state.
func (f *flow) allows(step flowStep) bool { return slices.Contains(legalIn[step], f.Status) }

// need refuses a step that is not legal.
func (f *flow) need(step flowStep) error {
	if f.allows(step) {
		return nil
	}
	return denied("the flow is in state %d: no %s", f.Status, step)
}

// flowFile is one file of a flow in its newest version.
type flowFile struct {
	Index     int
	Name      string
	Ref, MD5  string
	Size      int64
	Pages     []pdf.PageSize
	CreatedOn time.Time
}

func (e *Engine) createFlowByFiles(ctx context.Context, req *api.CreateFlowByFilesRequest) (*api.CreateFlowByFilesResponse, error) {
	info := req.FlowInfo
	f := &flow{
		ApplicationID: callOf(ctx).Application.ID, CustomID: req.CustomId, Name: info.FlowName, Description: info.FlowDescription,
		Kind: info.FlowType, CallbackURL: info.CallbackUrl, UserData: info.UserData, Deadline: time.Unix(info.Deadline, 0).UTC(), Created: e.now(),
	}
	switch {
	case len(req.FileIds) > maxFlowFiles:
		return nil, badValue("FileIds", "at most %d files", maxFlowFiles)
	case len([]rune(f.Name)) > maxFlowName:
		return nil, badValue("FlowInfo.FlowName", "at most %d characters", maxFlowName)
	case !f.Created.Before(f.Deadline):
		return nil, badValue("FlowInfo.Deadline", "must lie in the future")
	case !plainURL(f.CallbackURL):
		return nil, badValue("FlowInfo.CallbackUrl", "must be an http or https URL")
	}
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		by, err := e.resolveOperator(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		f.Creator = by.wire()
		return e.insertFlow(ctx, tx, f, req.FileIds)
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateFlowByFilesResponse{FlowId: f.ID}, nil
}

// insertFlow stores a flow with its files and fills in its id.
func (e *Engine) insertFlow(ctx context.Context, tx *store.Tx, f *flow, fileIDs []string) (err error) {
	f.ID = newID(e.wall())
	creator, err := json.Marshal(f.Creator)
	if err != nil {
		return fmt.Errorf("encode the creator: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO engine_flows (id, application_id, custom_id, creator, name, description, kind, callback_url, user_data, status,
		message, deadline, completed, created, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', $11, 0, $12, 1)`,
		f.ID, f.ApplicationID, f.CustomID, string(creator), f.Name, f.Description, f.Kind, f.CallbackURL, f.UserData, int(FlowCreated),
		store.Micros(f.Deadline), store.Micros(f.Created))
	if store.IsUnique(err) {
		return badValue("CustomId", "a flow with this id exists")
	}
	if err != nil {
		return fmt.Errorf("store the flow: %w", err)
	}
	detail := map[string]any{"name": f.Name, "files": fileIDs}
	standings := map[string]string{} // of files that came signed
	for i, id := range fileIDs {
		file, err := e.findFile(ctx, tx, f.ApplicationID, id)
		if err != nil {
			return orNotFound(err, "FileIds", id)
		}
		if file.Ref == "" {
			return fail(api.CodeResourceUnavailable, "file %q is destroyed", id)
		}
		if len(file.Pages) == 0 {
			return badValue("FileIds", "file %q was uploaded as %s and is no document", id, file.BusinessType)
		}
		pages, err := json.Marshal(file.Pages)
		if err != nil {
			return fmt.Errorf("encode the pages: %w", err)
		}
		_, err = tx.Exec(ctx, `INSERT INTO engine_flow_files (flow_id, file_index, file_id, name, ref, md5, size, pages, created)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, f.ID, i, file.ID, file.Name, file.Ref, file.MD5, file.Size, string(pages), store.Micros(f.Created))
		if err != nil {
			return fmt.Errorf("store a file of the flow: %w", err)
		}
		if file.Standing != "" && file.Standing != pdf.StandingNone {
			standings[file.ID] = string(file.Standing)
		}
	}
	if len(standings) > 0 {
		detail["signatures"] = standings
	}
	return e.record(ctx, tx, event{Action: "flow.create", ObjectType: "flow", ObjectID: f.ID, Detail: detail})
}

// findFlow reads a flow of the application, or gives store.ErrNotFound.
func (e *Engine) findFlow(ctx context.Context, tx *store.Tx, applicationID, id string) (*flow, error) {
	f := &flow{}
	var creator string
	var deadline, completed, created int64
	err := tx.QueryRow(ctx, `SELECT id, application_id, custom_id, creator, name, description, kind, callback_url, user_data, status, message,
		deadline, completed, created, version FROM engine_flows WHERE id = $1 AND application_id = $2`, id, applicationID).Scan(
		&f.ID, &f.ApplicationID, &f.CustomID, &creator, &f.Name, &f.Description, &f.Kind, &f.CallbackURL, &f.UserData, &f.Status, &f.Message,
		&deadline, &completed, &created, &f.Version)
	if err != nil {
		return nil, err
	}
	f.Deadline, f.Completed, f.Created = store.Time(deadline), store.Time(completed), store.Time(created)
	f.Status = flowStatusAt(f.Status, f.Deadline, e.now())
	if f.Status == FlowExpired {
		f.Completed = f.Deadline
	}
	return f, json.Unmarshal([]byte(creator), &f.Creator)
}

// setFlow moves a flow to a state, if it is still as it was read. Every change of a flow goes through here.
func (e *Engine) setFlow(ctx context.Context, tx *store.Tx, f *flow, status FlowStatus, message string) error {
	var completed time.Time
	switch status {
	case FlowCreated, FlowSigning:
	case FlowDestroyed: // it was completed before
		completed = f.Completed
	default:
		completed = e.now()
	}
	res, err := tx.Exec(ctx, `UPDATE engine_flows SET status = $1, message = $2, completed = $3, version = version + 1 WHERE id = $4 AND version = $5`,
		int(status), message, store.Micros(completed), f.ID, f.Version)
	if err != nil {
		return fmt.Errorf("change the flow: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errStale, err)
	}
	if status == FlowArchived {
		return e.tellCompleted(ctx, tx, f)
	}
	return nil
}

// onFlow runs an act on a flow: one after the other, and again when the flow changed under it.
func (e *Engine) onFlow(ctx context.Context, flowID string, act func() error) error {
	unlock, err := e.flowLocks.lock(ctx, flowID)
	if err != nil {
		return err
	}
	defer unlock()
	for range maxTries {
		if err = act(); !errors.Is(err, errStale) {
			return err
		}
	}
	return denied("the flow is being changed by others: try again")
}

// flowFiles reads the files of a flow in order.
func (e *Engine) flowFiles(ctx context.Context, tx *store.Tx, flowID string) ([]*flowFile, error) {
	rows, err := tx.Query(ctx, `SELECT file_index, name, ref, md5, size, pages, created FROM engine_flow_files WHERE flow_id = $1 ORDER BY file_index`, flowID)
	if err != nil {
		return nil, fmt.Errorf("read the files of a flow: %w", err)
	}
	defer rows.Close()
	var out []*flowFile
	for rows.Next() {
		f := &flowFile{}
		var pages string
		var created int64
		if err := rows.Scan(&f.Index, &f.Name, &f.Ref, &f.MD5, &f.Size, &pages, &created); err != nil {
			return nil, fmt.Errorf("read a file of a flow: %w", err)
		}
		if err := json.Unmarshal([]byte(pages), &f.Pages); err != nil {
			return nil, fmt.Errorf("read the pages of a file: %w", err)
		}
		f.CreatedOn = store.Time(created)
		out = append(out, f)
	}
	return out, rows.Err()
}

// replaceFile puts a newer version of a file in its place. The older one is kept and noted, so that it can be destroyed.
func (e *Engine) replaceFile(ctx context.Context, tx *store.Tx, flowID string, f *flowFile) error {
	_, err := tx.Exec(ctx, `INSERT INTO engine_flow_versions (flow_id, ref) SELECT flow_id, ref FROM engine_flow_files
		WHERE flow_id = $1 AND file_index = $2 ON CONFLICT DO NOTHING`, flowID, f.Index)
	if err != nil {
		return fmt.Errorf("note a version of a file: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE engine_flow_files SET ref = $1, md5 = $2, size = $3 WHERE flow_id = $4 AND file_index = $5`,
		f.Ref, f.MD5, f.Size, flowID, f.Index)
	if err != nil {
		return fmt.Errorf("replace a file of the flow: %w", err)
	}
	return nil
}

// cancelFlow withdraws a flow; only its initiator may (essbasic).
func (e *Engine) cancelFlow(ctx context.Context, req *api.CancelFlowRequest) (*api.CancelFlowResponse, error) {
	err := e.changeFlow(ctx, req.Caller, req.FlowId, stepCancel, func(tx *store.Tx, f *flow) error {
		if req.Caller.OperatorId != f.Creator.OperatorId {
			return denied("only the initiator withdraws a flow")
		}
		_, err := tx.Exec(ctx, `UPDATE engine_approvers SET status = $1 WHERE flow_id = $2 AND status IN ($3, $4, $5) AND deadline > $6`,
			int(ApproverCancelled), f.ID, int(ApproverPending), int(ApproverReview), int(ApproverReviewFailed), store.Micros(e.now()))
		if err != nil {
			return fmt.Errorf("withdraw the approvers' tasks: %w", err)
		}
		if err := e.setFlow(ctx, tx, f, FlowCancelled, req.CancelMessage); err != nil {
			return err
		}
		return e.record(ctx, tx, event{Action: actionCancel, ObjectType: "flow", ObjectID: f.ID, Detail: map[string]any{"message": req.CancelMessage}})
	})
	if err != nil {
		return nil, err
	}
	return &api.CancelFlowResponse{}, nil
}

func (e *Engine) archiveFlow(ctx context.Context, req *api.ArchiveFlowRequest) (*api.ArchiveFlowResponse, error) {
	err := e.changeFlow(ctx, req.Caller, req.FlowId, stepArchive, func(tx *store.Tx, f *flow) error {
		if err := e.setFlow(ctx, tx, f, FlowArchived, f.Message); err != nil {
			return err
		}
		return e.record(ctx, tx, event{Action: actionArchive, ObjectType: "flow", ObjectID: f.ID})
	})
	if err != nil {
		return nil, err
	}
	return &api.ArchiveFlowResponse{}, nil
}

// needInitiator refuses a caller that does not act for the organisation, or the application, that initiated the flow.
func (f *flow) needInitiator(c api.Caller) error {
	if c.SubOrganizationId != f.Creator.SubOrganizationId {
		return denied("the flow was initiated by another organisation")
	}
	return nil
}

// changeFlow does one step of an operator of the initiator's on a flow in one transaction.
func (e *Engine) changeFlow(ctx context.Context, by api.Caller, flowID string, step flowStep, change func(*store.Tx, *flow) error) error {
	return e.onFlow(ctx, flowID, func() error {
		return e.db.Write(ctx, func(tx *store.Tx) error {
			if _, err := e.resolveOperator(ctx, tx, by); err != nil {
				return err
			}
			f, err := e.findFlow(ctx, tx, callOf(ctx).Application.ID, flowID)
			if err != nil {
				return orNotFound(err, "FlowId", flowID)
			}
			if err := f.need(step); err != nil {
				return err
			}
			if err := f.needInitiator(by); err != nil {
				return err
			}
			return change(tx, f)
		})
	})
}
