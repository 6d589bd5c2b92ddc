package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// starts is how often the program is started for one figure; the median counts.
const starts = 7

// benchStart measures how long the program takes from its start to its first answer. The limit is what the program takes to start and
// print its help: loading and initialising, which no work of ours avoids.
func benchStart(ctx context.Context, binary string) (rows []row, err error) {
	folder, err := os.MkdirTemp("", "sealdesk-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	existing := filepath.Join(folder, "existing")
	if _, err := coldStart(ctx, binary, existing); err != nil { // makes the data
		return nil, err
	}
	var full, empty, bare []float64
	for i := range starts {
		a, errA := coldStart(ctx, binary, existing)
		b, errB := coldStart(ctx, binary, filepath.Join(folder, fmt.Sprint("empty", i)))
		began := time.Now()
		errC := exec.CommandContext(ctx, binary, "--help").Run() // #nosec G204 -- the developer's own argument
		c := time.Since(began)
		if err := errors.Join(errA, errB, errC); err != nil {
			return nil, err
		}
		full, empty, bare = append(full, a.Seconds()), append(empty, b.Seconds()), append(bare, c.Seconds())
	}
	limit := median(bare)
	line := func(what string, figure, goal float64) row {
		return row{"11", what, fmt.Sprintf("%.0f ms", 1000*figure), fmt.Sprintf("%.0f ms", 1000*limit), fmt.Sprintf("%.1f×", figure/limit),
			fmt.Sprintf("≤ %.0f ms", 1000*goal), figure <= goal}
	}
	return []row{
		line("engine alone, start to first 200, existing data, against --help", median(full), 0.050),
		line("the same, empty data folder", median(empty), 0.150),
	}, nil
}

// coldStart starts the engine alone and gives the time until it answered.
func coldStart(ctx context.Context, binary, data string) (time.Duration, error) {
	p, err := start(ctx, binary, data)
	if err != nil {
		return 0, err
	}
	// Nobody needs what it would still write. PDFium, which the program compiles once, has not begun by now.
	p.kill()
	return p.took, nil
}

// program is a running engine.
type program struct {
	*exec.Cmd

	address string
	took    time.Duration // from its start to its first answer
}

func start(ctx context.Context, binary, data string) (p *program, err error) {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := probe.Addr().String()
	if err := probe.Close(); err != nil {
		return nil, err
	}
	p = &program{Cmd: exec.CommandContext(ctx, binary, "engine", "--data", data, "--engine-listen", address), address: address} // #nosec G204 -- as above
	began := time.Now()
	if err := p.Start(); err != nil {
		return nil, err
	}
	for {
		resp, getErr := http.Get("http://" + address + "/healthz")
		if getErr == nil {
			p.took = time.Since(began)
			return p, resp.Body.Close()
		}
		if p.took = time.Since(began); p.took > 30*time.Second || ctx.Err() != nil {
			p.kill()
			return nil, fmt.Errorf("the engine did not answer: %w", getErr)
		}
		time.Sleep(500 * time.Microsecond)
	}
}

func (p *program) kill() {
	_ = p.Process.Kill() // it may have ended by itself
	_ = p.Wait()         // tells of the kill
}
