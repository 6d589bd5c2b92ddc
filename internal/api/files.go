package api

// UploadFiles: upload base64 files or URLs.
var UploadFiles = Action[UploadFilesRequest, UploadFilesResponse]{"UploadFiles"}

// UploadFilesRequest is what UploadFiles takes.
type UploadFilesRequest struct {
	Caller       Caller       `json:"Caller" form:"-" validate:"required"`
	BusinessType string       `json:"BusinessType" validate:"required,oneof=TEMPLATE DOCUMENT FLOW SEAL BUSINESSLICENSE IDCARD"`
	FileInfos    []UploadFile `json:"FileInfos,omitempty" validate:"required_without=FileUrls,max=20,dive"`
	FileUrls     []string     `json:"FileUrls,omitempty" validate:"omitempty,max=20" mask:"url"`
	CoverRect    bool         `json:"CoverRect,omitempty"`
	FileType     string       `json:"FileType,omitempty" validate:"omitempty,oneof=HTML"`
	CustomIds    []string     `json:"CustomIds,omitempty"`
}

// UploadFilesResponse is what UploadFiles answers.
type UploadFilesResponse struct {
	FileIds    []string `json:"FileIds"`
	TotalCount int64    `json:"TotalCount"`
	RequestId  string   `json:"RequestId"`
}

// DescribeFileIdsByCustomIds: custom id -> file id.
var DescribeFileIdsByCustomIds = Action[DescribeFileIdsByCustomIdsRequest, DescribeFileIdsByCustomIdsResponse]{"DescribeFileIdsByCustomIds"}

// DescribeFileIdsByCustomIdsRequest is what DescribeFileIdsByCustomIds takes.
type DescribeFileIdsByCustomIdsRequest struct {
	Caller    Caller   `json:"Caller" form:"-" validate:"required"`
	CustomIds []string `json:"CustomIds,omitempty"`
}

// DescribeFileIdsByCustomIdsResponse is what DescribeFileIdsByCustomIds answers.
type DescribeFileIdsByCustomIdsResponse struct {
	CustomIdList []CustomFileIdMap `json:"CustomIdList"`
	RequestId    string            `json:"RequestId"`
}

// DescribeFileUrls: download links.
var DescribeFileUrls = Action[DescribeFileUrlsRequest, DescribeFileUrlsResponse]{"DescribeFileUrls"}

// DescribeFileUrlsRequest is what DescribeFileUrls takes.
type DescribeFileUrlsRequest struct {
	Caller         Caller   `json:"Caller" form:"-" validate:"required"`
	BusinessIds    []string `json:"BusinessIds" validate:"required,min=1,dive,required"`
	BusinessType   string   `json:"BusinessType" validate:"required,oneof=TEMPLATE SEAL FLOW CATALOG DOCUMENT"`
	FileName       string   `json:"FileName,omitempty"`
	ResourceOffset int64    `json:"ResourceOffset,omitempty"`
	ResourceLimit  int64    `json:"ResourceLimit,omitempty"`
	FileType       string   `json:"FileType,omitempty" validate:"omitempty,oneof=JPG PDF ZIP"`
}

// DescribeFileUrlsResponse is what DescribeFileUrls answers.
type DescribeFileUrlsResponse struct {
	FileUrls   []FileUrl `json:"FileUrls"`
	TotalCount int64     `json:"TotalCount"`
	RequestId  string    `json:"RequestId"`
}
