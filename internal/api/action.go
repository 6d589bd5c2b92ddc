package api

import (
	"context"
)

// Action is one action of the platform: its wire name, and the types of what it takes and answers, so that a call or an
// implementation with the wrong struct does not compile.
type Action[Req, Resp any] struct{ Name string }

// Call fills in the caller's application, checks the request, records the intent, sends it and records the outcome.
func (a Action[Req, Resp]) Call(ctx context.Context, c *Client, req *Req) (*Resp, error) {
	resp := new(Resp)
	if err := c.call(ctx, a.Name, req, resp); err != nil {
		return nil, err
	}
	return resp, nil
}
