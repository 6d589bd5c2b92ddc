package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"sealdesk/internal/api"
)

// call is what a running action knows of the request that it serves.
type call struct {
	RequestID   string
	Application *application
	IP          string
	UserAgent   string
	Session     string // LinkName of the link that the page was opened by
	Signer      string // user id of whoever acts on their signing page
	SourceIP    string // SourceIp of the request: the address of whoever the caller acts for, as the caller tells it
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf gives the request that ctx serves; signers' pages work without one.
func callOf(ctx context.Context) *call {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return &call{}
	}
	return c
}

// input is a request's parameters as they came: a JSON body, or the flattened ones of a GET.
type input struct {
	body  []byte
	query url.Values
}

// action is one served action with its types erased.
type action struct {
	// serve decodes, checks and runs the action; the answer is a pointer to its response struct.
	serve func(ctx context.Context, in input) (any, error)
}

// handle registers one action. The compiler holds name, request and response together.
func handle[Req, Resp any](e *Engine, a api.Action[Req, Resp], run func(context.Context, *Req) (*Resp, error)) {
	e.requests.learn(reflect.TypeFor[Req]())
	e.actions[a.Name] = action{serve: func(ctx context.Context, in input) (any, error) {
		req := new(Req)
		if err := in.decode(req); err != nil {
			return nil, err
		}
		if err := checkApplication(ctx, req); err != nil {
			return nil, err
		}
		if err := api.Validate(req); err != nil {
			return nil, parameterError(err)
		}
		if f := reflect.ValueOf(req).Elem().FieldByName("SourceIp"); f.IsValid() {
			callOf(ctx).SourceIP = f.String()
		}
		resp, err := run(ctx, req)
		if err != nil {
			return nil, err
		}
		setRequestID(resp, callOf(ctx).RequestID)
		return resp, nil
	}}
}

// handleSimulated registers an action whose answers only simulation can give.
func handleSimulated[Req, Resp any](e *Engine, a api.Action[Req, Resp], run func(context.Context, *Req) (*Resp, error)) {
	handle(e, a, func(ctx context.Context, req *Req) (*Resp, error) {
		if err := e.needSimulation(a.Name); err != nil {
			return nil, err
		}
		return run(ctx, req)
	})
}

// decode fills the request. Unknown fields are ignored, as the platform does.
func (in input) decode(req any) error {
	if in.query != nil {
		return unflatten(in.query, req)
	}
	if len(bytes.TrimSpace(in.body)) == 0 {
		return nil
	}
	err := json.Unmarshal(in.body, req)
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) {
		return fail(api.CodeInvalidParameter, "parameter %s must not be a %s", typed.Field, typed.Value)
	}
	if err != nil {
		return fail(api.CodeInvalidRequest, "the body is not valid JSON")
	}
	return nil
}

// checkApplication refuses a caller that names another application than the key's. An absent one is left to the
// check of parameters.
func checkApplication(ctx context.Context, req any) error {
	caller := reflect.ValueOf(req).Elem().FieldByName("Caller")
	c, ok := caller.Interface().(api.Caller)
	if !ok {
		return errors.New("the request has no Caller")
	}
	if c.ApplicationId != "" && c.ApplicationId != callOf(ctx).Application.ID {
		return fail(api.CodeAuthFailureUnauthorizedOperation, "the key does not belong to application %q", c.ApplicationId)
	}
	return nil
}

// parameterError turns a failed check of the request into the platform's codes; the first field counts.
func parameterError(err error) error {
	var v *api.ValidationError
	if !errors.As(err, &v) || len(v.Fields) == 0 {
		return fmt.Errorf("check the request: %w", err)
	}
	f := v.Fields[0]
	switch {
	case strings.HasPrefix(f.Rule, "required"), f.Rule == "min_items" && f.Param == "1":
		return missing(f.Field)
	case f.Param != "":
		return badValue(f.Field, "breaks the rule %s %s", f.Rule, f.Param)
	default:
		return badValue(f.Field, "breaks the rule %s", f.Rule)
	}
}

func setRequestID(resp any, id string) {
	if f := reflect.ValueOf(resp).Elem().FieldByName("RequestId"); f.IsValid() {
		f.SetString(id)
	}
}
