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
func coldStart(ctx context.Context, binary, data string) (took time.Duration, err error) {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	address := probe.Addr().String()
	if err := probe.Close(); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "engine", "--data", data, "--engine-listen", address) // #nosec G204 -- as above
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() {
		// Nobody needs what it would still write. PDFium, which the program compiles once, has not begun by now.
		err = errors.Join(err, cmd.Process.Kill())
		_ = cmd.Wait() // tells of the kill
	}()
	for {
		resp, getErr := http.Get("http://" + address + "/healthz")
		if getErr == nil {
			took = time.Since(began)
			return took, resp.Body.Close()
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("the engine did not answer: %w", getErr)
		case <-time.After(500 * time.Microsecond):
		}
	}
}
