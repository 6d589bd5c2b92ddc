package api

// CreateFlowByFiles: new flow from file ids.
var CreateFlowByFiles = Action[CreateFlowByFilesRequest, CreateFlowByFilesResponse]{"CreateFlowByFiles"}

// CreateFlowByFilesRequest is what CreateFlowByFiles takes.
type CreateFlowByFilesRequest struct {
	Caller   Caller   `json:"Caller" form:"-" validate:"required"`
	FlowInfo FlowInfo `json:"FlowInfo" validate:"required"`
	FileIds  []string `json:"FileIds" validate:"required,min=1,dive,required"`
	CustomId string   `json:"CustomId,omitempty"`
}

// CreateFlowByFilesResponse is what CreateFlowByFiles answers.
type CreateFlowByFilesResponse struct {
	FlowId    string `json:"FlowId"`
	RequestId string `json:"RequestId"`
}

// SendFlow: add ONE approver with sign areas.
var SendFlow = Action[SendFlowRequest, SendFlowResponse]{"SendFlow"}

// SendFlowRequest is what SendFlow takes.
type SendFlowRequest struct {
	Caller            Caller       `json:"Caller" form:"-" validate:"required"`
	FlowId            string       `json:"FlowId" validate:"required"`
	UserId            string       `json:"UserId" validate:"required"`
	SignComponents    []Component  `json:"SignComponents" validate:"required,min=1,dive"`
	Mobile            string       `json:"Mobile,omitempty" mask:"mobile"`
	SubOrganizationId string       `json:"SubOrganizationId,omitempty"`
	VerifyChannel     []string     `json:"VerifyChannel,omitempty" validate:"omitempty,dive,oneof=WEIXINAPP FACEID VERIFYCODE NONE THIRD"`
	Deadline          int64        `json:"Deadline,omitempty"`
	IsLastApprover    bool         `json:"IsLastApprover,omitempty"`
	JumpUrl           string       `json:"JumpUrl,omitempty" mask:"url"`
	SmsTemplate       *SmsTemplate `json:"SmsTemplate,omitempty"`
	IsFullText        bool         `json:"IsFullText,omitempty"`
	PreReadTime       int64        `json:"PreReadTime,omitempty"`
	CanOffLine        bool         `json:"CanOffLine,omitempty"`
	CallbackUrl       string       `json:"CallbackUrl,omitempty" mask:"url"`
}

// SendFlowResponse is what SendFlow answers.
type SendFlowResponse struct {
	SignId    string `json:"SignId"`
	RequestId string `json:"RequestId"`
}

// SendFlowUrl: SendFlow + SignUrl.
var SendFlowUrl = Action[SendFlowUrlRequest, SendFlowUrlResponse]{"SendFlowUrl"}

// SendFlowUrlRequest is what SendFlowUrl takes.
type SendFlowUrlRequest struct {
	Caller            Caller       `json:"Caller" form:"-" validate:"required"`
	FlowId            string       `json:"FlowId" validate:"required"`
	UserId            string       `json:"UserId" validate:"required"`
	SignComponents    []Component  `json:"SignComponents" validate:"required,min=1,dive"`
	Mobile            string       `json:"Mobile,omitempty" mask:"mobile"`
	SubOrganizationId string       `json:"SubOrganizationId,omitempty"`
	VerifyChannel     []string     `json:"VerifyChannel,omitempty" validate:"omitempty,dive,oneof=WEIXINAPP FACEID VERIFYCODE NONE THIRD OFFLINE"`
	Deadline          int64        `json:"Deadline,omitempty"`
	IsLastApprover    bool         `json:"IsLastApprover,omitempty"`
	JumpUrl           string       `json:"JumpUrl,omitempty" mask:"url"`
	SmsTemplate       *SmsTemplate `json:"SmsTemplate,omitempty"`
	IsFullText        bool         `json:"IsFullText,omitempty"`
	PreReadTime       int64        `json:"PreReadTime,omitempty"`
	CanOffLine        bool         `json:"CanOffLine,omitempty"`
	CallbackUrl       string       `json:"CallbackUrl,omitempty" mask:"url"`
}

// SendFlowUrlResponse is what SendFlowUrl answers.
type SendFlowUrlResponse struct {
	SignId    string `json:"SignId"`
	SignUrl   string `json:"SignUrl"`
	RequestId string `json:"RequestId"`
}

// CancelFlow: withdraw a running flow.
var CancelFlow = Action[CancelFlowRequest, CancelFlowResponse]{"CancelFlow"}

// CancelFlowRequest is what CancelFlow takes.
type CancelFlowRequest struct {
	Caller        Caller `json:"Caller" form:"-" validate:"required"`
	FlowId        string `json:"FlowId" validate:"required"`
	CancelMessage string `json:"CancelMessage,omitempty"`
}

// CancelFlowResponse is what CancelFlow answers.
type CancelFlowResponse struct {
	RequestId string `json:"RequestId"`
}

// ArchiveFlow: archive.
var ArchiveFlow = Action[ArchiveFlowRequest, ArchiveFlowResponse]{"ArchiveFlow"}

// ArchiveFlowRequest is what ArchiveFlow takes.
type ArchiveFlowRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
}

// ArchiveFlowResponse is what ArchiveFlow answers.
type ArchiveFlowResponse struct {
	RequestId string `json:"RequestId"`
}

// DestroyFlowFile: delete the contract files.
var DestroyFlowFile = Action[DestroyFlowFileRequest, DestroyFlowFileResponse]{"DestroyFlowFile"}

// DestroyFlowFileRequest is what DestroyFlowFile takes.
type DestroyFlowFileRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
}

// DestroyFlowFileResponse is what DestroyFlowFile answers.
type DestroyFlowFileResponse struct {
	RequestId string `json:"RequestId"`
}

// DescribeFlow: read a flow.
var DescribeFlow = Action[DescribeFlowRequest, DescribeFlowResponse]{"DescribeFlow"}

// DescribeFlowRequest is what DescribeFlow takes.
type DescribeFlowRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
}

// DescribeFlowResponse is what DescribeFlow answers.
type DescribeFlowResponse struct {
	Creator         Caller `json:"Creator"`
	FlowId          string `json:"FlowId"`
	FlowName        string `json:"FlowName"`
	FlowDescription string `json:"FlowDescription"`
	FlowType        string `json:"FlowType"`
	FlowStatus      int64  `json:"FlowStatus"`
	CreatedOn       int64  `json:"CreatedOn"`
	UpdatedOn       int64  `json:"UpdatedOn"`
	Deadline        int64  `json:"Deadline"`
	CallbackUrl     string `json:"CallbackUrl"`
	FlowMessage     string `json:"FlowMessage"`
	RequestId       string `json:"RequestId"`
}

// DescribeFlowApprovers: read approvers.
var DescribeFlowApprovers = Action[DescribeFlowApproversRequest, DescribeFlowApproversResponse]{"DescribeFlowApprovers"}

// DescribeFlowApproversRequest is what DescribeFlowApprovers takes.
type DescribeFlowApproversRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
	UserId string `json:"UserId,omitempty"`
	SignId string `json:"SignId,omitempty"`
}

// DescribeFlowApproversResponse is what DescribeFlowApprovers answers.
type DescribeFlowApproversResponse struct {
	FlowId    string             `json:"FlowId"`
	Approvers []FlowApproverInfo `json:"Approvers"`
	RequestId string             `json:"RequestId"`
}

// DescribeFlowFiles: read a flow's files + links.
var DescribeFlowFiles = Action[DescribeFlowFilesRequest, DescribeFlowFilesResponse]{"DescribeFlowFiles"}

// DescribeFlowFilesRequest is what DescribeFlowFiles takes.
type DescribeFlowFilesRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
}

// DescribeFlowFilesResponse is what DescribeFlowFiles answers.
type DescribeFlowFilesResponse struct {
	FlowId        string         `json:"FlowId"`
	FlowFileInfos []FlowFileInfo `json:"FlowFileInfos"`
	RequestId     string         `json:"RequestId"`
}

// DescribeCustomFlowIds: custom id -> flow id.
var DescribeCustomFlowIds = Action[DescribeCustomFlowIdsRequest, DescribeCustomFlowIdsResponse]{"DescribeCustomFlowIds"}

// DescribeCustomFlowIdsRequest is what DescribeCustomFlowIds takes.
type DescribeCustomFlowIdsRequest struct {
	Caller    Caller   `json:"Caller" form:"-" validate:"required"`
	CustomIds []string `json:"CustomIds" validate:"required,min=1,max=10,dive,required"`
}

// DescribeCustomFlowIdsResponse is what DescribeCustomFlowIds answers.
type DescribeCustomFlowIdsResponse struct {
	CustomIdList []CustomFlowIdMap `json:"CustomIdList"`
	RequestId    string            `json:"RequestId"`
}

// DescribeCustomFlowIdsByFlowId: flow id -> custom id.
var DescribeCustomFlowIdsByFlowId = Action[DescribeCustomFlowIdsByFlowIdRequest, DescribeCustomFlowIdsByFlowIdResponse]{"DescribeCustomFlowIdsByFlowId"}

// DescribeCustomFlowIdsByFlowIdRequest is what DescribeCustomFlowIdsByFlowId takes.
type DescribeCustomFlowIdsByFlowIdRequest struct {
	Caller  Caller   `json:"Caller" form:"-" validate:"required"`
	FlowIds []string `json:"FlowIds" validate:"required,min=1,max=10,dive,required"`
}

// DescribeCustomFlowIdsByFlowIdResponse is what DescribeCustomFlowIdsByFlowId answers.
type DescribeCustomFlowIdsByFlowIdResponse struct {
	CustomIdList []CustomFlowIdMap `json:"CustomIdList"`
	RequestId    string            `json:"RequestId"`
}
