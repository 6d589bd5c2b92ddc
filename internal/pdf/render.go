package pdf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// Limits of one document. They bound what a hostile upload can cost.
const (
	defaultMaxBytes   = 64 << 20
	defaultMaxPages   = 2000
	defaultDeadline   = 20 * time.Second
	defaultCacheBytes = 64 << 20
	// guestMemoryPages of 64 KiB each: 512 MiB for one instance.
	guestMemoryPages = 8192
	// maxPixels of one page image: an A4 page at 340 dpi. A page may claim to be 2,000,000 pt wide.
	maxPixels = 11_000_000
	// instances that run at the same time.
	instances = 2
)

// RendererOptions configure a Renderer. The zero value works, without a cache on disk.
type RendererOptions struct {
	// CacheDir keeps the compiled PDF module between starts (about 21 MB). Empty is a folder in the user's own cache folder, where the
	// system names one; without any cache every process compiles anew (3 s on two idle cores, 310 MB).
	CacheDir string
	// CacheKey gives the key (32 bytes) of a MAC over what CacheDir holds: compiled code that does not carry it is not run, but made anew. It
	// is asked when PDFium starts. Nil believes the folder, which must then be writable by this user alone.
	CacheKey func() ([]byte, error)
	Logger   *slog.Logger
	// MaxBytes and MaxPages bound one document; 0 means 64 MiB and 2000 pages.
	MaxBytes int
	MaxPages int
	// Deadline bounds the work on one document per call; 0 means 20 seconds.
	Deadline time.Duration
	// CacheBytes bounds the page images kept in memory; 0 means 64 MiB.
	CacheBytes int
}

// A Renderer reads PDFs with PDFium inside a WebAssembly sandbox that sees no file system. Every call gets an instance of its own
// that is thrown away afterwards, so that one document cannot harm the next. It is safe for concurrent use.
type Renderer struct {
	opts   RendererOptions
	slots  chan struct{}
	images *imageCache

	mu     sync.Mutex
	pool   pdfium.Pool
	cache  wazero.CompilationCache
	closed bool
}

// NewRenderer checks the options and the cache folder. PDFium itself starts with the first document or with Warm.
func NewRenderer(_ context.Context, opts RendererOptions) (*Renderer, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = defaultMaxBytes
	}
	if opts.MaxPages == 0 {
		opts.MaxPages = defaultMaxPages
	}
	if opts.Deadline == 0 {
		opts.Deadline = defaultDeadline
	}
	if opts.CacheBytes == 0 {
		opts.CacheBytes = defaultCacheBytes
	}
	if opts.CacheDir == "" {
		opts.CacheDir = userCache()
	} else if err := os.MkdirAll(opts.CacheDir, 0o700); err != nil {
		return nil, fmt.Errorf("pdf: cache folder: %w", err)
	}
	r := &Renderer{opts: opts, slots: make(chan struct{}, instances), images: newImageCache(opts.CacheBytes)}
	if opts.CacheKey != nil {
		sealedCache.Store(&r.opts)
	}
	return r, nil
}

// userCache is a folder of ours in the user's cache folder, empty where there is none to be had.
func userCache() string {
	base, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	dir := filepath.Join(base, "sealdesk")
	if os.MkdirAll(dir, 0o700) != nil {
		return ""
	}
	return dir
}

// Warm compiles or loads PDFium in the background, so that the first upload does not wait for it. It returns at once.
func (r *Renderer) Warm() {
	go func() {
		start := time.Now()
		if _, err := r.start(); err != nil {
			r.opts.Logger.Error("pdf: PDFium did not start", "error", err)
			return
		}
		r.opts.Logger.Debug("pdf: PDFium is ready", "duration", time.Since(start))
	}()
}

// Ready waits until PDFium runs, starting it when nobody has.
func (r *Renderer) Ready(ctx context.Context) error {
	_, err := r.started(ctx)
	return err
}

// Close ends PDFium. Calls that still run end with an error.
func (r *Renderer) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	sealedCache.CompareAndSwap(&r.opts, nil)
	var err error
	if r.pool != nil {
		err = r.pool.Close()
	}
	if r.cache != nil {
		err = errors.Join(err, r.cache.Close(context.Background()))
	}
	return err
}

// start returns the pool, making it on the first call.
func (r *Renderer) start() (pdfium.Pool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errors.New("pdf: the renderer is closed")
	}
	if r.pool != nil {
		return r.pool, nil
	}
	// PDFium's module lowers setjmp to exception instructions: without this feature it does not load. CloseOnContextDone is
	// what makes the deadline end a running call.
	config := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(guestMemoryPages).
		WithCloseOnContextDone(true)
	compiling.Lock()
	defer compiling.Unlock()
	code, kept := r.openCache()
	if r.cache != nil {
		config = config.WithCompilationCache(r.cache)
	}
	pool, err := webassembly.Init(webassembly.Config{
		// Half of the processors go on serving while PDFium compiles.
		Context:  experimental.WithCompilationWorkers(context.Background(), max(1, runtime.GOMAXPROCS(0)/2)),
		MaxIdle:  1,
		MaxTotal: instances,
		// The default would mount the whole file system of the host, writable.
		FSConfig:      wazero.NewFSConfig(),
		RuntimeConfig: config,
		Stdout:        io.Discard,
		Stderr:        io.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("pdf: start PDFium: %w", err)
	}
	if !kept {
		if err := code.keep(); err != nil { // the next start compiles again
			r.opts.Logger.Warn("pdf: the compiled PDFium could not be kept", "error", err)
		}
	}
	r.pool = pool
	return pool, nil
}

// openCache opens the cache of compiled code: that of the renderer, or the process's for one that names none. kept tells that what it holds will
// be run. Without a cache that can be used PDFium is compiled all the same.
func (r *Renderer) openCache() (code compiled, kept bool) {
	opts := &r.opts
	if known := sealedCache.Load(); known != nil && opts.CacheKey == nil {
		opts = known
	}
	if opts.CacheDir == "" {
		return code, true
	}
	kept, err := true, error(nil)
	code.dir = opts.CacheDir
	if opts.CacheKey != nil {
		code.key, err = opts.CacheKey()
	}
	if err == nil {
		kept, err = code.check()
	}
	if err == nil {
		r.cache, err = wazero.NewCompilationCacheWithDir(code.folder())
	}
	switch {
	case err != nil:
		r.opts.Logger.Warn("pdf: PDFium is compiled without a cache", "folder", code.folder(), "error", err)
		return compiled{}, true
	case !kept:
		r.opts.Logger.Info("pdf: PDFium is compiled, since the cache holds nothing that this program kept", "folder", code.folder())
	}
	return code, kept
}

// started is start for whoever may not wait as long as compiling takes on a busy machine; the work goes on for the next one.
func (r *Renderer) started(ctx context.Context) (pdfium.Pool, error) {
	type result struct {
		pool pdfium.Pool
		err  error
	}
	done := make(chan result, 1)
	go func() {
		pool, err := r.start()
		done <- result{pool, err}
	}()
	select {
	case got := <-done:
		return got.pool, got.err
	case <-ctx.Done():
		return nil, fmt.Errorf("pdf: PDFium is still starting: %w", ctx.Err())
	}
}

// document is an open file inside a sandbox instance.
type document struct {
	pdfium.Pdfium
	ref   references.FPDF_DOCUMENT
	pages int
}

func (d document) page(index int) requests.Page {
	return requests.Page{ByIndex: &requests.PageByIndex{Document: d.ref, Index: index}}
}

// withDocument checks the outside of data, opens it in a fresh instance and calls fn, all under the deadline.
func (r *Renderer) withDocument(ctx context.Context, data []byte, fn func(document) error) error {
	if len(data) > r.opts.MaxBytes {
		return ErrTooLarge
	}
	if err := checkOutside(data); err != nil {
		return err
	}
	pool, err := r.started(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.opts.Deadline)
	defer cancel()
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	instance, err := pool.GetInstanceWithContext(ctx)
	if err != nil {
		return fmt.Errorf("pdf: sandbox: %w", err)
	}
	killed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(killed)
		if err := instance.Kill(); err != nil {
			r.opts.Logger.Warn("pdf: an instance over its deadline did not end", "error", err)
		}
	})
	err = r.open(instance, data, fn)
	if !stop() {
		<-killed
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return fmt.Errorf("%w: no result in %s", ErrTooLarge, r.opts.Deadline)
		}
		return ctx.Err()
	}
	if closeErr := instance.Close(); closeErr != nil {
		r.opts.Logger.Warn("pdf: an instance did not close", "error", closeErr)
	}
	return err
}

func (r *Renderer) open(instance pdfium.Pdfium, data []byte, fn func(document) error) error {
	opened, err := instance.OpenDocument(&requests.OpenDocument{File: &data})
	if err != nil {
		return openError(err)
	}
	doc := document{Pdfium: instance, ref: opened.Document}
	revision, err := doc.FPDF_GetSecurityHandlerRevision(&requests.FPDF_GetSecurityHandlerRevision{Document: doc.ref})
	if err != nil {
		return fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	if revision.SecurityHandlerRevision != -1 {
		return ErrEncrypted
	}
	count, err := doc.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: doc.ref})
	if err != nil {
		return fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	switch {
	case count.PageCount < 1:
		return ErrNoPages
	case count.PageCount > r.opts.MaxPages:
		return ErrTooLarge
	}
	doc.pages = count.PageCount
	return fn(doc)
}
