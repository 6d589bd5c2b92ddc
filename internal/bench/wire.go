package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/demo"
	"sealdesk/internal/engine"
	"sealdesk/internal/font"
	"sealdesk/internal/pdf"
	"sealdesk/internal/store"
)

// world is an engine, and a bare database beside it.
type world struct {
	folder   string
	face     *font.Face
	renderer *pdf.Renderer
	engine   *engine.Engine
	keys     engine.Credentials
	done     *demo.Result
	bare     *store.DB
	verifier *api.Verifier
}

// newWorld has done the main job; openWorld is as a first start leaves it.
func newWorld(ctx context.Context) (*world, error) {
	w, err := openWorld(ctx)
	if err != nil {
		return w, err
	}
	if err := w.work(ctx); err != nil {
		return w, errors.Join(err, w.Close())
	}
	return w, nil
}

func openWorld(ctx context.Context) (w *world, err error) {
	w = &world{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if w.folder, err = os.MkdirTemp("", "sealdesk-bench-"); err != nil {
		return w, err
	}
	if w.face, err = font.Default(); err != nil {
		return w, err
	}
	if w.renderer, err = pdf.NewRenderer(ctx, pdf.RendererOptions{}); err != nil {
		return w, err
	}
	w.engine, err = engine.New(ctx, engine.Options{Simulate: true, DataDir: filepath.Join(w.folder, "engine"), PublicURL: "http://127.0.0.1:8081", Face: w.face,
		Renderer: w.renderer})
	if err != nil {
		return w, err
	}
	if w.keys, err = w.engine.Credentials(ctx); err != nil {
		return w, err
	}
	w.verifier = api.NewVerifier(func(id string) (string, bool) { return w.keys.SecretKey, id == w.keys.SecretID })
	return w, nil
}

// work does the main job and makes a table with a row for its flow.
func (w *world) work(ctx context.Context) error {
	client, err := api.NewClient(api.ClientOptions{Endpoint: w.keys.Endpoint, Region: w.keys.Region, SecretID: w.keys.SecretID,
		SecretKey: w.keys.SecretKey, ApplicationID: w.keys.ApplicationID, Transport: w.engine.Transport(),
		Recorder: unrecorded{}})
	if err != nil {
		return err
	}
	download := func(ctx context.Context, link string) ([]byte, error) {
		data, _, err := client.Download(ctx, link, 10<<20)
		return data, err
	}
	w.done, err = demo.Run(ctx, demo.Options{Client: client, Face: w.face, Clock: time.Now, Download: download, Step: func(string, time.Duration) {}})
	if err != nil {
		return fmt.Errorf("do the main job: %w", err)
	}
	if w.bare, err = store.Open(ctx, store.Options{Path: filepath.Join(w.folder, "bare.db")}); err != nil {
		return err
	}
	return w.bare.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `CREATE TABLE bare (id TEXT PRIMARY KEY, name TEXT NOT NULL, status INTEGER NOT NULL, created INTEGER NOT NULL) STRICT`)
		if err == nil {
			_, err = tx.Exec(ctx, `INSERT INTO bare VALUES ($1, '软件服务采购合同', 4, 1)`, w.done.FlowID)
		}
		return err
	})
}

// unrecorded keeps no record of the calls that prepare a measurement.
type unrecorded struct{}

func (unrecorded) Intent(context.Context, api.CallRecord) error  { return nil }
func (unrecorded) Outcome(context.Context, api.CallRecord) error { return nil }

// Close removes everything.
func (w *world) Close() error {
	var errs []error
	if w.engine != nil {
		errs = append(errs, w.engine.Close())
	}
	if w.bare != nil {
		errs = append(errs, w.bare.Close())
	}
	if w.renderer != nil {
		errs = append(errs, w.renderer.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(w.folder))...)
}

// signed writes a signed request as it goes over the wire.
func (w *world) signed(host, action string, req any) ([]byte, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodPost, "http://"+host+"/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-TC-Action", action)
	r.Header.Set("X-TC-Version", "2020-12-22")
	api.SignTC3(r, body, w.keys.SecretID, w.keys.SecretKey, time.Now())
	var out bytes.Buffer
	err = r.Write(&out)
	return out.Bytes(), err
}

// limit serves what any signed call has to do: read, check, decode, one statement, encode.
func (w *world) limit(statement func(context.Context, map[string]any) (any, error)) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(out, err.Error(), http.StatusBadRequest)
			return
		}
		if _, refused := w.verifier.TC3(r, body, time.Now()); refused != nil {
			http.Error(out, refused.Code, http.StatusForbidden)
			return
		}
		req := map[string]any{}
		var resp any
		if err = json.Unmarshal(body, &req); err == nil {
			resp, err = statement(r.Context(), req)
		}
		if err != nil {
			http.Error(out, err.Error(), http.StatusInternalServerError)
			return
		}
		out.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(out).Encode(map[string]any{"Response": resp}) // a client that has gone shows in its own error
	})
}

func (w *world) caller() api.Caller { return api.Caller{ApplicationId: w.keys.ApplicationID} }

func share(no, what string, figure, limit, ratio, goal float64) row {
	return row{no, what, fmt.Sprintf("%.0f/s", figure), fmt.Sprintf("%.0f/s", limit), fmt.Sprintf("%.0f %%", 100*ratio),
		fmt.Sprintf("≥ %.0f %%", 100*goal), ratio >= goal}
}

func benchRead(ctx context.Context) (rows []row, err error) {
	w, err := newWorld(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	request := func(_ int64, host string) ([]byte, error) {
		return w.signed(host, "DescribeFlow", api.DescribeFlowRequest{Caller: w.caller(), FlowId: w.done.FlowID})
	}
	read := w.limit(func(ctx context.Context, req map[string]any) (any, error) {
		var flow struct {
			ID, Name        string
			Status, Created int64
		}
		err := w.bare.Read(ctx, func(tx *store.Tx) error {
			return tx.QueryRow(ctx, `SELECT id, name, status, created FROM bare WHERE id = $1`, req["FlowId"]).Scan(
				&flow.ID, &flow.Name, &flow.Status, &flow.Created)
		})
		return flow, err
	})
	figure, limit, ratio, err := compare(ctx, &side{handler: w.engine.API(), request: request, ahead: 1}, &side{handler: read, request: request, ahead: 1})
	return []row{share("3", "DescribeFlow, signed, c=16, against TC3 check + one-row read", figure, limit, ratio, 0.6)}, err
}

func benchWrite(ctx context.Context) (rows []row, err error) {
	w, err := newWorld(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	request := func(n int64, host string) ([]byte, error) {
		return w.signed(host, "CreateUser", api.CreateUserRequest{Caller: w.caller(), OpenId: "bench-" + strconv.FormatInt(n, 10), Name: "王小明",
			IdCardType: "ID_CARD", IdCardNumber: "440301198001010018", Mobile: "13800000001"})
	}
	insert := w.limit(func(ctx context.Context, req map[string]any) (any, error) {
		err := w.bare.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO bare (id, name, status, created) VALUES ($1, $2, 0, $3)`, req["OpenId"], req["Name"], time.Now().UnixMicro())
			return err
		})
		return map[string]any{"UserId": req["OpenId"]}, err
	})
	const ahead = 12_000 // more than a turn can use
	figure, limit, ratio, err := compare(ctx, &side{handler: w.engine.API(), request: request, ahead: ahead},
		&side{handler: insert, request: request, ahead: ahead})
	return []row{share("4", "CreateUser, signed, c=16, FULL, against TC3 check + one INSERT", figure, limit, ratio, 0.6)}, err
}

// benchVerify compares the check of a signature with the hashing that it cannot do without.
func benchVerify(context.Context) ([]row, error) {
	const id, key = "AKIDbenchbenchbenchbenchbenchbench01", "benchbenchbenchbenchbenchbench01"
	now := time.Now()
	body := bytes.Repeat([]byte("x"), 100)
	r, err := http.NewRequest(http.MethodPost, "http://127.0.0.1/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-TC-Action", "DescribeFlow")
	api.SignTC3(r, body, id, key, now)
	v := api.NewVerifier(func(string) (string, bool) { return key, true })
	if _, refused := v.TC3(r, body, now); refused != nil {
		return nil, refused
	}
	explained := api.ExplainTC3(r, body)
	canonical, text, dayKey := []byte(explained.Canonical), []byte(explained.StringToSign), sha256.Sum256([]byte(key))
	var mac hash.Hash = hmac.New(sha256.New, dayKey[:])
	var sum []byte
	best := [2]time.Duration{time.Hour, time.Hour}
	const calls = 2000
	for range 60 {
		for i, f := range []func(){
			func() { _, _ = v.TC3(r, body, now) }, // checked above
			func() {
				_, _ = sha256.Sum256(body), sha256.Sum256(canonical)
				mac.Reset()
				mac.Write(text)
				sum = mac.Sum(sum[:0])
			},
		} {
			began := time.Now()
			for range calls {
				f()
			}
			best[i] = min(best[i], time.Since(began)/calls)
		}
	}
	return []row{{"5", "TC3 check of 100 B, against SHA-256 and HMAC alone", microseconds(best[0]), microseconds(best[1]),
		fmt.Sprintf("%.1f×", float64(best[0])/float64(best[1])), "≤ 2 µs", best[0] <= 2*time.Microsecond}}, nil
}

func microseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f µs", float64(d.Nanoseconds())/1000)
}
