package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/demo"
	"sealdesk/internal/engine"
	"sealdesk/internal/font"
	"sealdesk/internal/pdf"
)

// benchMemory starts the program and looks at what it holds: before PDFium gets ready, and after it has done the main job and rested.
func benchMemory(ctx context.Context, binary string) (rows []row, err error) {
	data, err := os.MkdirTemp("", "sealdesk-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	text, err := exec.CommandContext(ctx, binary, "engine", "credentials", "--json", "--data", data).Output() // #nosec G204 -- the developer's own argument
	if err != nil {
		return nil, err
	}
	var keys engine.Credentials
	if err := json.Unmarshal(text, &keys); err != nil {
		return nil, err
	}
	if err := compilePDFium(ctx, filepath.Join(data, "cache")); err != nil {
		return nil, err
	}
	p, err := start(ctx, binary, data)
	if err != nil {
		return nil, err
	}
	defer p.kill()
	line := func(what string, goal float64) error {
		held, err := resident(p.Process.Pid)
		rows = append(rows, row{"12", what, fmt.Sprintf("%.0f MB", held), "", "", fmt.Sprintf("≤ %.0f MB", goal), held <= goal})
		return err
	}
	time.Sleep(time.Second) // what the start needed may go
	if err := line("resident memory of the engine, idle, PDFium not warm", 40); err != nil {
		return rows, err
	}
	if err := mainJob(ctx, "http://"+p.address, keys); err != nil {
		return rows, err
	}
	time.Sleep(5 * time.Second)
	return rows, line("the same after the main job", 120)
}

// compilePDFium fills the cache that every start but a machine's first finds.
func compilePDFium(ctx context.Context, cache string) error {
	renderer, err := pdf.NewRenderer(ctx, pdf.RendererOptions{CacheDir: cache})
	if err != nil {
		return err
	}
	return errors.Join(renderer.Ready(ctx), renderer.Close())
}

// mainJob does the main job over the network.
func mainJob(ctx context.Context, endpoint string, keys engine.Credentials) error {
	face, err := font.Default()
	if err != nil {
		return err
	}
	client, err := api.NewClient(api.ClientOptions{Endpoint: endpoint, Region: keys.Region, SecretID: keys.SecretID, SecretKey: keys.SecretKey,
		ApplicationID: keys.ApplicationID, Recorder: unrecorded{}})
	if err != nil {
		return err
	}
	download := func(ctx context.Context, link string) ([]byte, error) {
		data, _, err := client.Download(ctx, strings.Replace(link, keys.Endpoint, endpoint, 1), 10<<20)
		return data, err
	}
	if _, err := demo.Run(ctx, demo.Options{Client: client, Face: face, Clock: time.Now, Download: download, Step: func(string, time.Duration) {}}); err != nil {
		return fmt.Errorf("do the main job: %w", err)
	}
	return nil
}

// resident is a process's memory in MB (Linux).
func resident(pid int) (float64, error) {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kilobytes, err := strconv.ParseFloat(strings.Fields(rest + " 0")[0], 64)
	return kilobytes / 1024, err
}

func benchSize(binary string) ([]row, error) {
	info, err := os.Stat(binary)
	if err != nil {
		return nil, err
	}
	size := float64(info.Size()) / 1e6
	return []row{{"13", "the program with its font", fmt.Sprintf("%.1f MB", size), "", "", "≤ 45 MB", size <= 45}}, nil
}
